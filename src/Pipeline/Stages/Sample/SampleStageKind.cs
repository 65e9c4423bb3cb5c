using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages.Sample;

/// <summary>Data to learn from: a model is sampled in shards side by side, and what is good enough is kept.</summary>
/// <typeparam name="TRecipe">The kind's recipe.</typeparam>
internal sealed class SampleStageKind<TRecipe> : StageKind<TRecipe>
    where TRecipe : SampleStage
{
    /// <inheritdoc/>
    protected override async Task<StageResult?> RunAsync(IOrchestrationContext context, JobCalls jobs, StageInput input, TRecipe settings)
    {
        var start = context.CurrentUtcDateTime;
        var shards = Shards(input, settings);
        context.SetCustomStatus(
            new StageProgress { Total = 1, Phase = JobKinds.Sample, Jobs = JobRanges.Of(shards.Select(shard => shard.JobId)) });

        var results = await Task.WhenAll(shards.Select(shard => jobs.RunAsync(context, shard)));
        var metrics = ShardMetrics.Combine(results);
        if (metrics.GetValueOrDefault(MetricNames.SamplesKept) == 0)
            throw new InvalidOperationException(
                $"Stage '{input.Name}': none of {metrics.GetValueOrDefault(MetricNames.Samples)} samples was kept: {Reasons(metrics)}.");
        await context.CallActivityAsync(MetricsActivities.Record, new StepMetrics(input.RunId, input.Label, 1, metrics),
            JobCalls.Storage(input.Jobs));
        return new()
        {
            Label = input.Label,
            Steps = 1,
            Data = [.. results.Select(result => result.Output("data"))],
            Metrics = metrics,
            Numerics = results.Numerics(),
            Time = results.MaxBy(result =>
                result.Timing.Total)!.Time() with { Wall = Instants.Between(start, context.CurrentUtcDateTime).TotalSeconds },
            StartedAt = new(start, TimeSpan.Zero),
            EndedAt = new(context.CurrentUtcDateTime, TimeSpan.Zero),
        };
    }

    /// <summary>The questions cut into shards that differ by at most one question.</summary>
    internal static IReadOnlyList<JobSpec> Shards(StageInput input,
        SampleStage settings) => [.. Enumerable.Range(0, settings.Shards).Select(shard =>
    {
        var first = (int)((long)settings.Questions * shard / settings.Shards);
        var next = (int)((long)settings.Questions * (shard + 1) / settings.Shards);
        return input.Job(JobId.Create(input.Label, 0, JobKinds.Sample, shard), new SampleJob
        {
            Settings = settings,
            Task = input.Tasks[settings.Task],
            Checkpoint = input.RequireFrom(),
            Rewriter = input.Rewriter,
            FirstQuestion = first,
            QuestionCount = next - first,
            Output = BlobLayout.Data(input.RunId, input.Label, shard),
        });
    })];

    private static string Reasons(Dictionary<string, double> metrics) => string.Join(", ", metrics
        .Where(metric => metric.Key.StartsWith(MetricNames.SamplesDropped, StringComparison.Ordinal) && metric.Value > 0)
        .Select(metric => $"{metric.Value} {metric.Key[MetricNames.SamplesDropped.Length..]}"));

    /// <inheritdoc/>
    protected override StageWork? Estimate(EstimateContext context, TRecipe settings)
    {
        // Completions fan out; every question is taken to keep as many as it may, which bounds the rows from above.
        var work = context.Generate((double)settings.Questions * settings.Samples, settings.Task, settings.Sampling);
        var rows = DataRows.Of(context, settings);
        if (settings is CollectStage { Rewrite: ModelRewrite rewrite })
        {
            // The rewriting model reads the problem and the draft, and writes its own.
            // It is taken to be as large as the one that is sampled.
            var length = rewrite.Sampling.MaxNewTokens * context.LengthShare;
            work += new StageWork { GeneratedTokens = rows.Count * length,
                GenerationFlops = rows.Count * context.Model.Forward(rows.Tokens + length) };
        }
        return work with { FannedFlops = work.GenerationFlops, Shards = settings.Shards,
            RolloutBytes = rows.Count * rows.Tokens * DataRows.BytesPerToken };
    }
}
