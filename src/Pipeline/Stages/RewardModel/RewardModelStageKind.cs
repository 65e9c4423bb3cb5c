using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages.RewardModel;

/// <summary>
/// A reward model: one job, whose steps are the stage's. Its checkpoint is not a policy, so it is measured by its job and not by the run's
/// evaluation.
/// </summary>
internal sealed class RewardModelStageKind : StageKind<RewardModelStage>
{
    /// <inheritdoc/>
    protected override async Task<StageResult?> RunAsync(IOrchestrationContext context, JobCalls jobs, StageInput input,
        RewardModelStage settings)
    {
        var start = context.CurrentUtcDateTime;
        var job = input.Job(JobId.Create(input.Label, 0, JobKinds.RewardModel), new RewardModelJob
        {
            Settings = settings,
            Task = input.Tasks[settings.Task],
            From = input.RequireFrom(),
            Checkpoint = BlobLayout.Checkpoint(input.RunId, input.Label, settings.Steps()),
        });
        context.SetCustomStatus(
            new StageProgress { Total = settings.Steps(), Phase = JobKinds.RewardModel, Jobs = [job.JobId], JobSteps = true });

        var result = await jobs.RunAsync(context, job);
        await context.CallActivityAsync(MetricsActivities.RecordJobSteps, new JobSteps(input.RunId, input.Label, result.Output("steps")),
            JobCalls.Storage(input.Jobs));
        await context.CallActivityAsync(MetricsActivities.Record,
            new StepMetrics(input.RunId, input.Label, settings.Steps(), HeldOut(result)), JobCalls.Storage(input.Jobs));
        return input.Result(context, start, settings.Steps(), result);
    }

    private static Dictionary<string, double> HeldOut(JobResult result) =>
        result.Metrics.Where(metric => metric.Key.StartsWith(MetricNames.HeldOut, StringComparison.Ordinal)).ToDictionary();

    /// <inheritdoc/>
    protected override StageWork? Estimate(EstimateContext context, RewardModelStage settings)
    {
        // Responses are taken to be as long as their prompts; a pair is two.
        var (length, responses) = (2 * context.PromptTokens(settings.Task), MemoryDemands.Responses(settings));
        double trained = (double)settings.Rows * settings.Epochs * responses, scored = settings.HeldOut * responses;
        return new()
        {
            TrainedTokens = trained * length,
            ScoredTokens = scored * length,
            TrainingFlops = (3 * trained + scored) * context.Model.Forward(length),
            Memory = MemoryDemands.Of(settings, length),
            CheckpointBytes = context.Model.CheckpointBytes,
        };
    }
}
