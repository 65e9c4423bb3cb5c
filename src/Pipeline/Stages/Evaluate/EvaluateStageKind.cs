using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages.Evaluate;

/// <summary>A measurement of another stage's model, with settings of its own.</summary>
internal sealed class EvaluateStageKind : StageKind<EvaluateStage>
{
    /// <inheritdoc/>
    protected override async Task<StageResult?> RunAsync(IOrchestrationContext context, JobCalls jobs, StageInput input,
        EvaluateStage settings)
    {
        var start = context.CurrentUtcDateTime;
        var benchmarks = Evaluations.All(input, settings.Evaluation, input.RequireFrom(), 0);
        context.SetCustomStatus(
            new StageProgress { Total = 1, Phase = JobKinds.Evaluate,
                Jobs = JobRanges.Of(benchmarks.Select(benchmark => benchmark.Job.JobId)) });

        var evaluation = await Evaluations.RunAsync(context, jobs, benchmarks);
        await context.CallActivityAsync(
            MetricsActivities.Record, new StepMetrics(input.RunId, input.Label, 1, evaluation.Metrics), JobCalls.Storage(input.Jobs));
        return new()
        {
            Label = input.Label,
            Steps = 1,
            Checkpoint = input.From,
            Metrics = evaluation.Metrics,
            Numerics = evaluation.Numerics,
            Evaluation = evaluation with { Time = new() },
            Time = evaluation.Time with { Wall = Instants.Between(start, context.CurrentUtcDateTime).TotalSeconds },
            StartedAt = new(start, TimeSpan.Zero),
            EndedAt = new(context.CurrentUtcDateTime, TimeSpan.Zero),
        };
    }

    /// <inheritdoc/>
    protected override StageWork? Estimate(EstimateContext context, EvaluateStage settings) => context.Evaluate(settings.Evaluation);
}
