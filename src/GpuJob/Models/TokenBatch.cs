using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>A token sequence of which the tokens from some index on are scored.</summary>
/// <param name="Ids">Prompt and completion.</param>
/// <param name="ScoredFrom">Index of the first scored token, 1 at least: the first token has nothing that predicts it.</param>
internal readonly record struct TokenSequence(int[] Ids, int ScoredFrom)
{
    /// <summary>How many tokens are scored.</summary>
    public int Scored => Ids.Length - ScoredFrom;
}

/// <summary>
/// Sequences laid out for scoring: inputs, sorted by length and packed behind each other, and where in them each scored token is predicted.
/// Built on the host, so that no shape depends on tensor contents. Per-token tensors that belong to it are [rows, <see cref="Scored"/>] in
/// the order given, left-aligned, 0 where a row has no more tokens.
/// </summary>
internal sealed class TokenBatch : IDisposable
{
    private const int DefaultSlack = 2;

    private readonly Device device;
    private readonly int[] scoredByRow;

    private TokenBatch(IReadOnlyList<TokenSequence> sequences, Device device, int slack)
    {
        this.device = device;
        scoredByRow = [.. sequences.Select(sequence => sequence.Scored)];
        Rows = sequences.Count;
        Scored = scoredByRow.Max();
        Tokens = scoredByRow.Sum();

        var (segments, starts, width) = Pack(sequences, slack);
        long[] ids = new long[width], positions = new long[width], lengths = new long[width];
        long[] targets = new long[Tokens], sources = new long[Tokens], cells = new long[Tokens];
        var mask = new float[Rows * Scored];
        for (int row = 0, token = 0; row < Rows; row++)
        {
            var (tokens, from) = sequences[row];
            for (var i = 0; i < tokens.Length - 1; i++) (ids[starts[row] + i], lengths[starts[row] + i]) = (tokens[i], tokens.Length);
            for (var i = from; i < tokens.Length; i++, token++)
            {
                targets[token] = tokens[i];
                sources[token] = starts[row] + i - 1;
                cells[token] = (row * Scored) + i - from;
                mask[cells[token]] = 1;
            }
        }
        var at = 0;
        foreach (var (rows, length) in segments)
        {
            for (var i = 0; i < rows * length; i++) positions[at++] = i % length;
        }
        Layout = new TokenLayout(
            Keep(tensor(ids, device: device)), Keep(tensor(positions, device: device)), Keep(tensor(lengths, device: device)), segments);
        Targets = Keep(tensor(targets, device: device));
        Sources = Keep(tensor(sources, device: device));
        Cells = Keep(tensor(cells, device: device));
        Mask = Keep(tensor(mask, [Rows, Scored], device: device));
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }
    /// <summary>Most scored tokens of a row.</summary>
    public int Scored { get; }
    /// <summary>Scored tokens in all.</summary>
    public int Tokens { get; }
    /// <summary>The inputs: each sequence less its last token.</summary>
    public TokenLayout Layout { get; }
    /// <summary>Scored tokens, int64 [Tokens], row by row.</summary>
    public Tensor Targets { get; }
    /// <summary>Where in the layout each scored token is predicted, int64 [Tokens].</summary>
    public Tensor Sources { get; }
    /// <summary>Where in the flattened [Rows · Scored] each scored token belongs, int64 [Tokens].</summary>
    public Tensor Cells { get; }
    /// <summary>1 where a row has a scored token, float32 [Rows, Scored].</summary>
    public Tensor Mask { get; }

    /// <summary>Lays sequences out.</summary>
    /// <param name="sequences">In any order.</param>
    /// <param name="device">Where the tensors go.</param>
    /// <param name="slack">
    /// Sequences that are at most this much shorter than another may be padded to its length, so that they share one attention call: 0 pads
    /// nothing, a large number pads all to the longest. The results are the same.
    /// </param>
    /// <exception cref="ArgumentException">There is none, or one has no token before its first scored one.</exception>
    public static TokenBatch Create(IReadOnlyList<TokenSequence> sequences, Device device, int slack = DefaultSlack)
    {
        if (sequences.Count == 0) throw new ArgumentException("A batch needs at least one sequence.", nameof(sequences));
        for (var i = 0; i < sequences.Count; i++)
        {
            if (sequences[i].ScoredFrom < 1 || sequences[i].Scored < 1)
            {
                throw new ArgumentException(
                    $"Sequence {i}: scored from {sequences[i].ScoredFrom} of {sequences[i].Ids.Length} tokens; allowed is 1 to length - 1.",
                    nameof(sequences));
            }
        }
        return new TokenBatch(sequences, device, slack);
    }

    /// <summary>Per-token numbers of each row as a tensor [Rows, Scored] in the caller's scope.</summary>
    /// <exception cref="ArgumentException">A row's count differs from its scored tokens.</exception>
    public Tensor Lay(IReadOnlyList<float[]> values)
    {
        if (values.Count != Rows) throw new ArgumentException($"{values.Count} rows of values for {Rows} sequences.", nameof(values));
        var laid = new float[Rows * Scored];
        for (var row = 0; row < Rows; row++)
        {
            if (values[row].Length != scoredByRow[row])
                throw new ArgumentException($"Row {row}: {values[row].Length} values for {scoredByRow[row]} scored tokens.",
                    nameof(values));
            values[row].CopyTo(laid, row * Scored);
        }
        return tensor(laid, [Rows, Scored], device: device);
    }

    /// <summary>Numbers by scored token [Tokens] as [Rows, Scored], differentiable.</summary>
    public Tensor Lay(Tensor values) => Tokens == Rows * Scored
        ? values.view(Rows, Scored)
        : zeros([Rows * Scored], dtype: values.dtype, device: device).index_copy(0, Cells, values).view(Rows, Scored);

    /// <summary>
    /// Cuts rows into batches of about equal length, so that little is computed on padding: longest first, each batch at most
    /// <paramref name="maxTokens"/> positions with its padding (one row at least).
    /// </summary>
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="maxTokens">Rows × longest of a batch.</param>
    /// <returns>Row numbers of each batch.</returns>
    public static IReadOnlyList<int[]> Plan(IReadOnlyList<int> lengths, int maxTokens)
    {
        var order = Enumerable.Range(0, lengths.Count).OrderByDescending(row => lengths[row]).ThenBy(row => row).ToArray();
        var batches = new List<int[]>();
        for (var start = 0; start < order.Length;)
        {
            var rows = Math.Clamp(maxTokens / Math.Max(1, lengths[order[start]]), 1, order.Length - start);
            batches.Add(order[start..(start + rows)]);
            start += rows;
        }
        return batches;
    }

    // Longest first, rows of about equal length as one segment; gives each row's first place.
    private static (IReadOnlyList<Segment> Segments, int[] Starts, int Width) Pack(IReadOnlyList<TokenSequence> sequences, int slack)
    {
        var order = Enumerable.Range(0, sequences.Count).OrderByDescending(row => sequences[row].Ids.Length).ThenBy(row => row).ToArray();
        var segments = new List<Segment>();
        var starts = new int[sequences.Count];
        var at = 0;
        for (var first = 0; first < order.Length;)
        {
            int length = sequences[order[first]].Ids.Length - 1, rows = 0;
            for (; first + rows < order.Length && length - (sequences[order[first + rows]].Ids.Length - 1) <= slack; rows++, at += length)
                starts[order[first + rows]] = at;
            segments.Add(new Segment(rows, length));
            first += rows;
        }
        return (segments, starts, at);
    }

    private static Tensor Keep(Tensor tensor) => tensor.DetachFromDisposeScope();

    public void Dispose()
    {
        foreach (var tensor in new[] { Layout.Ids, Layout.Positions, Layout.Lengths, Targets, Sources, Cells, Mask }) tensor.Dispose();
    }
}
