namespace R1Cloud.Tokenizers.Bpe;

/// <summary>Byte-pair merging: again and again the earliest merge, of equals the leftmost.</summary>
internal static class BpeMerger
{
    private const int ShortPiece = 48;

    /// <summary>Merges the symbols of a piece in place.</summary>
    /// <returns>The number of tokens left.</returns>
    public static int Merge(Span<int> symbols, PairTable merges) =>
        symbols.Length < 2 ? symbols.Length : symbols.Length <= ShortPiece ? MergeShort(symbols, merges) : MergeLong(symbols, merges);

    // For words: looks through all pairs for each merge.
    private static int MergeShort(Span<int> symbols, PairTable merges)
    {
        Span<int> ranks = stackalloc int[ShortPiece], tokens = stackalloc int[ShortPiece];
        var count = symbols.Length;
        for (var i = 0; i + 1 < count; i++) (ranks[i], tokens[i]) = merges.Find(symbols[i], symbols[i + 1]);
        while (count > 1)
        {
            var (best, at) = (int.MaxValue, -1);
            for (var i = 0; i + 1 < count; i++)
            {
                if (ranks[i] < best) (best, at) = (ranks[i], i);
            }
            if (at < 0) break;
            symbols[at] = tokens[at];
            symbols[(at + 2)..count].CopyTo(symbols[(at + 1)..]);
            ranks[(at + 1)..(count - 1)].CopyTo(ranks[at..]);
            tokens[(at + 1)..(count - 1)].CopyTo(tokens[at..]);
            count--;
            if (at > 0) (ranks[at - 1], tokens[at - 1]) = merges.Find(symbols[at - 1], symbols[at]);
            if (at + 1 < count) (ranks[at], tokens[at]) = merges.Find(symbols[at], symbols[at + 1]);
        }
        return count;
    }

    // For long pieces (whole texts with SentencePiece, runs without spaces): a queue over a linked list.
    private static int MergeLong(Span<int> symbols, PairTable merges)
    {
        int[] next = new int[symbols.Length], previous = new int[symbols.Length];
        var queue = new PriorityQueue<(int At, int Left, int Right, int Token), long>(symbols.Length);
        for (var i = 0; i < symbols.Length; i++) (next[i], previous[i]) = (i + 1, i - 1);
        for (var i = 0; i + 1 < symbols.Length; i++) Offer(symbols, i, i + 1);
        while (queue.TryDequeue(out var merge, out _))
        {
            var (at, left, right, token) = merge;
            var second = next[at];
            // The pair may be gone: an earlier merge took one of its halves.
            if (symbols[at] != left || second >= symbols.Length || symbols[second] != right) continue;
            symbols[at] = token;
            symbols[second] = -1;
            next[at] = next[second];
            if (next[at] < symbols.Length)
            {
                previous[next[at]] = at;
                Offer(symbols, at, next[at]);
            }
            if (previous[at] >= 0) Offer(symbols, previous[at], at);
        }
        var count = 0;
        for (var i = 0; i < symbols.Length; i = next[i]) symbols[count++] = symbols[i];
        return count;

        void Offer(Span<int> all, int left, int right)
        {
            var (rank, token) = merges.Find(all[left], all[right]);
            if (rank != int.MaxValue) queue.Enqueue((left, all[left], all[right], token), ((long)rank << 32) | (uint)left);
        }
    }
}
