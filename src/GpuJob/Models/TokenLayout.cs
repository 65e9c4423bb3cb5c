using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>Sequences of one length that stand behind each other.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Length">Tokens of each, padding included.</param>
internal readonly record struct Segment(int Rows, int Length);

/// <summary>
/// Tokens of several sequences in one row, without anything between them; positions begin again with each sequence, and none attends to
/// another.
/// </summary>
/// <param name="Ids">int64 [N].</param>
/// <param name="Positions">int64 [N]: each token's position in its own sequence.</param>
/// <param name="Lengths">int64 [N]: how many tokens each token's sequence has in all, padding not counted.</param>
/// <param name="Segments">How the N tokens form sequences.</param>
internal sealed record TokenLayout(Tensor Ids, Tensor Positions, Tensor Lengths, IReadOnlyList<Segment> Segments)
{
    /// <summary>The longest sequence.</summary>
    public int Longest => Segments.Max(segment => segment.Length);

    /// <summary>Rows of equal length, right-padded: ids int64 [B, T]. The tensors belong to the caller's scope.</summary>
    /// <param name="ids">The rows.</param>
    /// <param name="lengths">Tokens of each, int64 [B]; null where none is padded.</param>
    public static TokenLayout OfRows(Tensor ids, Tensor? lengths = null)
    {
        long rows = ids.shape[0], length = ids.shape[1];
        var positions = Scalars.Range(length, ids.device).repeat(rows);
        var counted = lengths?.repeat_interleave(length)
            ?? Scalars.Use(length, all => full([rows * length], all, dtype: ScalarType.Int64, device: ids.device));
        return new TokenLayout(ids.flatten(), positions, counted, [new Segment((int)rows, (int)length)]);
    }
}
