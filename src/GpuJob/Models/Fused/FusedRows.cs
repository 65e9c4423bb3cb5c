using R1Cloud.GpuJob.Numerics;

namespace R1Cloud.GpuJob.Models.Fused;

/// <summary>A batch's tokens without padding: sequence behind sequence, one row a token.</summary>
internal sealed unsafe class FusedRows
{
    public FusedRows(TokenBatch batch)
    {
        var (layout, tokens) = (batch.Layout, batch.Tokens);
        int width = (int)layout.Ids.shape[0];
        long* ids = (long*)TensorMemory.Pointer(layout.Ids), lengths = (long*)TensorMemory.Pointer(layout.Lengths);
        var rowOf = new int[width];
        var (sequences, kept) = (new List<(int Start, int Length)>(), new List<int>(width));
        var at = 0;
        foreach (var (count, length) in layout.Segments)
        {
            for (var sequence = 0; sequence < count; sequence++, at += length)
            {
                var start = kept.Count;
                for (var i = at; i < at + length && lengths[i] > 0; i++) // padding has no length
                {
                    rowOf[i] = kept.Count;
                    kept.Add(i);
                }
                if (kept.Count > start) sequences.Add((start, kept.Count - start));
            }
        }
        (Sequences, Longest) = ([.. sequences], sequences.Max(sequence => sequence.Length));
        Ids = [.. kept.Select(i => (int)ids[i])];
        Positions = [.. sequences.SelectMany(sequence => Enumerable.Range(0, sequence.Length).Select(i => (long)i))];
        Lengths = [.. kept.Select(i => lengths[i])];
        long* sources = (long*)TensorMemory.Pointer(batch.Sources), targets = (long*)TensorMemory.Pointer(batch.Targets);
        (Sources, Targets) = (new int[tokens], new int[tokens]);
        for (var i = 0; i < tokens; i++) (Sources[i], Targets[i]) = (rowOf[sources[i]], (int)targets[i]);
    }

    /// <summary>Token ids by row.</summary>
    public int[] Ids { get; }
    /// <summary>Positions by row.</summary>
    public long[] Positions { get; }
    /// <summary>Tokens of each row's sequence, the last, which is no input, included.</summary>
    public long[] Lengths { get; }
    /// <summary>The first row and the rows of each sequence.</summary>
    public (int Start, int Length)[] Sequences { get; }
    /// <summary>Rows of the longest sequence.</summary>
    public int Longest { get; }
    /// <summary>The row that predicts each scored token; none predicts two.</summary>
    public int[] Sources { get; }
    /// <summary>The scored tokens.</summary>
    public int[] Targets { get; }
}
