using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages.Pretrain;

/// <summary>Pretraining: one job, whose steps are the stage's.</summary>
internal sealed class PretrainStageKind : StageKind<PretrainStage>
{
    /// <inheritdoc/>
    protected override async Task<StageResult?> RunAsync(IOrchestrationContext context, JobCalls jobs, StageInput input,
        PretrainStage settings)
    {
        var start = context.CurrentUtcDateTime;
        var job = input.Job(JobId.Create(input.Label, 0, JobKinds.Pretrain), new PretrainJob
        {
            Settings = settings,
            Tasks = settings.Corpora().ToDictionary(corpus => corpus.Key, corpus => input.Tasks[corpus.Key]),
            Checkpoint = BlobLayout.Checkpoint(input.RunId, input.Label, settings.Steps),
        });
        context.SetCustomStatus(
            new StageProgress { Total = settings.Steps, Phase = JobKinds.Pretrain, Jobs = [job.JobId], JobSteps = true });

        var result = await jobs.RunAsync(context, job);
        if (result.Outputs.TryGetValue("steps", out var steps))
            await context.CallActivityAsync(MetricsActivities.RecordJobSteps, new JobSteps(input.RunId, input.Label, steps),
                JobCalls.Storage(input.Jobs));
        return input.Result(context, start, settings.Steps, result);
    }

    /// <inheritdoc/>
    protected override StageWork? Estimate(EstimateContext context, PretrainStage settings)
    {
        var length = settings.Corpora()
            .Sum(corpus => corpus.Value * (TaskBounds.Of(context.Recipe.Tasks[corpus.Key])?.ExampleTokens ?? settings.Model.MaxPositions))
            / settings.Corpora().Sum(corpus => corpus.Value);
        var sequences = (double)settings.Steps * settings.BatchSize;
        return new()
        {
            TrainedTokens = sequences * length,
            TrainingFlops = sequences * 3 * context.Model.Forward(length), // The backward pass takes twice the forward: 6·N a token.
            Memory = MemoryDemands.Of(settings, length),
            CheckpointBytes = context.Model.CheckpointBytes,
        };
    }
}
