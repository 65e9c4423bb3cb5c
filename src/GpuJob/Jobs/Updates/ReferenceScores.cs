using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// log π_ref of a whole batch's completions, before its first step: for advantages that are normalised over the batch. A function of the
/// rows and the stage alone, so that all shards of an update have the same bits.
/// </summary>
internal static class ReferenceScores
{
    /// <summary>Scores rows, in passes as long as the update's own.</summary>
    /// <param name="reference">The reference model.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="settings">The stage.</param>
    /// <returns>By row, one a completion token.</returns>
    public static IReadOnlyList<float[]> Of(CausalLm reference, IReadOnlyList<RolloutRow> rows, RlStage settings)
    {
        var scores = new float[rows.Count][];
        foreach (var part in Passes(rows, settings))
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            using var tokens = TokenBatch.Create([.. part.Select(row => rows[row].Sequence())], reference.Device);
            var laid = reference.TokenLogProbs(tokens, settings.Sampling).LogProbs.cpu().data<float>().ToArray();
            for (var i = 0; i < part.Length; i++)
                scores[part[i]] = laid[(i * tokens.Scored)..(i * tokens.Scored + rows[part[i]].Completion.Length)];
        }
        return scores;
    }

    private static IEnumerable<int[]> Passes(IReadOnlyList<RolloutRow> rows, RlStage settings)
    {
        if (rows.Count == 0) return [];
        if (settings.MicroBatchTokens > 0) return TokenBatch.Plan([.. rows.Select(row => row.Length)], settings.MicroBatchTokens);
        var size = settings.MicroBatchSize > 0 ? settings.MicroBatchSize
            : Math.Max(1, settings.Questions * settings.GroupSize / settings.MiniBatches);
        return Enumerable.Range(0, rows.Count).OrderByDescending(row => rows[row].Length).ThenBy(row => row).Chunk(size);
    }
}
