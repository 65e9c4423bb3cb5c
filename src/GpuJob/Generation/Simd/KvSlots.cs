using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// Keys and values of a thread's rows, read straight on: per slot, layer and head the keys as [capacity / lanes, head dim, lanes] (scores
/// of neighbouring positions lie side by side) and the values as [capacity, value stride]. Latent attention has one head, whose keys are
/// the latent and the shared key and whose values are the latent.
/// </summary>
internal sealed unsafe class KvSlots : IDisposable
{
    private readonly FloatBuffer keys, values;
    private readonly int layers, heads;
    private readonly long keySize, valueSize; // floats a head
    private readonly int lanes;

    public KvSlots(ModelConfig config, int lanes, int slots, int positions)
    {
        (this.lanes, layers, heads) = (lanes, config.Layers, config.Latent is null ? config.KvHeads : 1);
        (KeyDim, ValueDim) =
            config.Latent is { } latent ? (latent.KvRank + latent.RopeDim, latent.KvRank) : (config.HeadDim, config.HeadDim);
        (Slots, Capacity, ValueStride) = (slots, Align.Up(positions, lanes), Align.Up(ValueDim, 2 * lanes));
        (keySize, valueSize) = ((long)KeyDim * Capacity, (long)ValueStride * Capacity);
        var all = (long)slots * layers * heads;
        (keys, values) = (new FloatBuffer(all * keySize), new FloatBuffer(all * valueSize));
        IsLong = new bool[slots];
    }

    /// <summary>Slots.</summary>
    public int Slots { get; }
    /// <summary>Positions a slot.</summary>
    public int Capacity { get; }
    /// <summary>Floats from position to position of the values.</summary>
    public int ValueStride { get; }

    /// <summary>Width of a key; of latent attention that of the latent and the shared key.</summary>
    public int KeyDim { get; }
    /// <summary>Width of a value; of latent attention that of the latent.</summary>
    public int ValueDim { get; }
    /// <summary>By slot, whether its sequence is longer than what was trained (LongRoPE).</summary>
    public bool[] IsLong { get; }

    /// <summary>A head's keys.</summary>
    public float* Keys(int slot, int layer, int head) => keys.Pointer + (Index(slot, layer, head) * keySize);

    /// <summary>A head's values.</summary>
    public float* Values(int slot, int layer, int head) => values.Pointer + (Index(slot, layer, head) * valueSize);

    /// <summary>Keeps the key and value of one position.</summary>
    public void Store(int slot, int layer, int head, int position, float* key, float* value)
    {
        var target = Keys(slot, layer, head) + ((long)(position / lanes) * KeyDim * lanes) + (position % lanes);
        for (var i = 0; i < KeyDim; i++, target += lanes) *target = key[i];
        Copy(value, Values(slot, layer, head) + ((long)position * ValueStride), ValueDim);
    }

    /// <summary>Copies the first positions of one slot to another.</summary>
    public void Copy(int from, int to, int positions)
    {
        IsLong[to] = IsLong[from];
        for (var layer = 0; layer < layers; layer++)
        {
            for (var head = 0; head < heads; head++)
            {
                Copy(Keys(from, layer, head), Keys(to, layer, head), Align.Up(positions, lanes) * KeyDim);
                Copy(Values(from, layer, head), Values(to, layer, head), positions * ValueStride);
            }
        }
    }

    private static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    private long Index(int slot, int layer, int head) => ((((long)slot * layers) + layer) * heads) + head;

    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
    }
}
