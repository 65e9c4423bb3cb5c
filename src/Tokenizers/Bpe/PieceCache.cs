namespace R1Cloud.Tokenizers.Bpe;

/// <summary>
/// The ids of pieces seen lately. One slot a hash: a newer piece takes the place of an older one, so it never grows; entries are immutable,
/// so threads share it without locks.
/// </summary>
internal sealed class PieceCache
{
    private const int Slots = 1 << 15, LongestPiece = 48;
    private readonly Entry?[] entries = new Entry?[Slots];

    /// <summary>The ids of a piece, if they are still known.</summary>
    public bool TryGet(ReadOnlySpan<char> piece, out int[] ids)
    {
        if (piece.Length <= LongestPiece && Volatile.Read(ref entries[Slot(piece)]) is { } entry && piece.SequenceEqual(entry.Piece))
        {
            ids = entry.Ids;
            return true;
        }
        ids = [];
        return false;
    }

    /// <summary>Keeps the ids of a piece, unless it is long.</summary>
    public void Set(ReadOnlySpan<char> piece, int[] ids)
    {
        if (piece.Length <= LongestPiece) Volatile.Write(ref entries[Slot(piece)], new Entry(piece.ToString(), ids));
    }

    private static int Slot(ReadOnlySpan<char> piece) => string.GetHashCode(piece, StringComparison.Ordinal) & (Slots - 1);

    private sealed record Entry(string Piece, int[] Ids);
}
