using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages;

/// <summary>Pretraining: one job, whose steps are the stage's.</summary>
internal sealed class PretrainStageKind() : StageKind<PretrainStage>("pretrain")
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
}
