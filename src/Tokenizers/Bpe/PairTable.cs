using System.Numerics;

namespace R1Cloud.Tokenizers.Bpe;

/// <summary>The merges of a BPE model: which two neighbours become which token, and how early. A hash table with open addressing.</summary>
internal sealed class PairTable
{
    private const ulong Empty = ulong.MaxValue;
    private readonly ulong[] keys;
    private readonly (int Rank, int Token)[] values;
    private readonly int shift;

    /// <summary>Makes room for a number of merges.</summary>
    public PairTable(int capacity)
    {
        var slots = BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, capacity * 2));
        keys = new ulong[slots];
        Array.Fill(keys, Empty);
        values = new (int, int)[slots];
        shift = 64 - BitOperations.Log2(slots);
    }

    /// <summary>Adds a merge; of two for the same pair the later counts.</summary>
    public void Add(int left, int right, int rank, int token)
    {
        var key = Key(left, right);
        var slot = Slot(key);
        while (keys[slot] != Empty && keys[slot] != key) slot = (slot + 1) & (keys.Length - 1);
        keys[slot] = key;
        values[slot] = (rank, token);
    }

    /// <summary>The rank of a pair and what it becomes; the rank is <see cref="int.MaxValue"/> for a pair that stays.</summary>
    public (int Rank, int Token) Find(int left, int right)
    {
        var key = Key(left, right);
        for (var slot = Slot(key); ; slot = (slot + 1) & (keys.Length - 1))
        {
            if (keys[slot] == key) return values[slot];
            if (keys[slot] == Empty) return (int.MaxValue, -1);
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> shift);
}
