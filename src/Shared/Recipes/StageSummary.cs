namespace R1Cloud.Shared.Recipes;

/// <summary>What a stage would do, its evaluations included.</summary>
/// <param name="Name">The stage.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="From">The stage whose model it starts from.</param>
/// <param name="Steps">Optimizer steps; of fine-tuning on sampled rows, as many as there are at most; null where the rows are known only
/// once the data is.</param>
/// <param name="Jobs">Jobs for the workers.</param>
/// <param name="Samples">Sequences trained on (pretraining) or generated.</param>
/// <param name="MaxTokens">Tokens in them if each were as long as it may be, prompts left out.</param>
public sealed record StageSummary(string Name, string Kind, string? From, long? Steps, long Jobs, long Samples, long MaxTokens)
{
    /// <summary>
    /// With an evaluation's answers. Each problem is also answered once greedily; points of a learning curve are greedy alone.
    /// </summary>
    /// <param name="evaluation">What is measured; null for nothing.</param>
    /// <param name="points">Points of the learning curve before the end.</param>
    public StageSummary With(EvaluationRecipe? evaluation, int points = 0)
    {
        if (evaluation is null) return this;
        var all = evaluation.All()
            .Aggregate(this, (sum, benchmark) =>
                sum.With(benchmark.Value, (long)benchmark.Value.Problems * (benchmark.Value.Samples + 1), jobs: 1));
        var curve = evaluation.OfCurve().Value;
        return all.With(curve, (long)points * curve.Problems, points);
    }

    private StageSummary With(BenchmarkRecipe benchmark, long samples, int jobs) =>
        this with { Jobs = Jobs + jobs, Samples = Samples + samples, MaxTokens = MaxTokens + samples * benchmark.Sampling.MaxNewTokens };
}
