using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// What the trainer itself gives to the tokens that an engine sampled, before the update's first step, and what is made of the difference:
/// a function of the rollouts and the checkpoint alone, so that every worker that takes part has the same.
/// </summary>
/// <param name="LogProbs">log π_old of each row's tokens.</param>
/// <param name="Weights">The weight of each row's tokens; null for none.</param>
/// <param name="Metrics">The mismatch by the peers' names.</param>
internal sealed record OldPolicy(IReadOnlyList<float[]> LogProbs, IReadOnlyList<float[]>? Weights,
    IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>Computes them; null where the recipe takes the recorded ones.</summary>
    /// <param name="plan">The update.</param>
    /// <param name="input">Its settings.</param>
    /// <param name="policy">The policy before the first step.</param>
    public static OldPolicy? Of(UpdatePlan plan, UpdateInput input, CausalLm policy)
    {
        var engine = input.Engine ?? SamplingEngine.Own;
        if (!input.Settings.Loss.Recomputes(engine) || plan.Batch.Count == 0) return null;
        var old = Score(plan, input.Settings, policy);
        var differences = plan.Batch.Rows.Select((row, place) => row.LogProbs
            .Select((told, token) => MismatchWeights.Difference(old[place][token], told)).ToArray()).ToList();
        var correction = input.Settings.Loss.Correction(engine);
        var weights = correction is null ? null : differences.Select(row => MismatchWeights.Of(row, correction)).ToList();
        return new(old, weights, Figures(plan, old, differences, weights));
    }

    private static float[][] Score(UpdatePlan plan, RlStage settings, CausalLm policy)
    {
        using var off = no_grad();
        var old = new float[plan.Batch.Count][];
        foreach (var part in plan.MicroBatches([.. Enumerable.Range(0, plan.Batch.Count)]))
        {
            using var scope = NewDisposeScope();
            using var tokens = TokenBatch.Create([.. part.Select(row => plan.Batch.Sequence(row))], policy.Device);
            var scores = policy.TokenLogProbs(tokens, settings.Sampling).LogProbs.cpu(); // [rows, longest completion]
            var (values, width) = (scores.data<float>().ToArray(), (int)scores.shape[1]);
            foreach (var (place, row) in part.Index())
                old[row] = values.AsSpan(place * width, plan.Batch.Rows[row].Completion.Length).ToArray();
        }
        return old;
    }

    private static Dictionary<string, double> Figures(UpdatePlan plan, IReadOnlyList<float[]> old, IReadOnlyList<double[]> differences,
        IReadOnlyList<float[]>? weights)
    {
        var all = differences.SelectMany(row => row).ToList();
        var ratios = all.Select(Math.Exp).ToList();
        var (sum, squares) = (ratios.Sum(), ratios.Sum(ratio => ratio * ratio));
        var told = plan.Batch.Rows.SelectMany(row => row.LogProbs).ToList();
        var figures = new Dictionary<string, double>
        {
            [MetricNames.MismatchMean] = all.Average(Math.Abs),
            [MetricNames.MismatchMax] = all.Max(Math.Abs),
            [MetricNames.MismatchKl] = all.Average(d => Math.Exp(d) - d - 1),
            [MetricNames.MismatchEffective] = sum * sum / (all.Count * squares),
            [MetricNames.MismatchUntold] = told.Count(logProb => !float.IsFinite(logProb)) / (double)told.Count,
            [MetricNames.PerplexityTrainer] = Perplexity(old),
            [MetricNames.PerplexitySampler] = Perplexity(plan.Batch.Rows.Select(row => row.LogProbs.Where(float.IsFinite).ToArray())),
        };
        if (weights is not null)
            figures[MetricNames.MismatchCut] = weights.SelectMany(row => row).Zip(ratios)
                .Count(pair => pair.First < pair.Second * (1 - 1e-6)) / (double)all.Count;
        if (figures.FirstOrDefault(figure => !double.IsFinite(figure.Value)) is { Key: not null } broken)
            throw new NonFiniteException($"{broken.Key} is {broken.Value}: a log-probability of the policy is not finite.");
        return figures;
    }

    // Of completions: the mean over them of their own.
    private static double Perplexity(IEnumerable<float[]> rows) =>
        Math.Exp(-rows.Where(row => row.Length > 0).Select(row => row.Average(logProb => (double)logProb)).DefaultIfEmpty().Average());
}
