using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages;

/// <summary>Supervised fine-tuning: one job, whose steps are the stage's. How many there are is known once the data is.</summary>
internal sealed class SftStageKind() : StageKind<SftStage>("sft")
{
    /// <inheritdoc/>
    protected override async Task<StageResult?> RunAsync(IOrchestrationContext context, JobCalls jobs, StageInput input, SftStage settings)
    {
        var start = context.CurrentUtcDateTime;
        var job = input.Job(JobId.Create(input.Label, 0, JobKinds.Sft), new SftJob
        {
            Settings = settings,
            From = input.RequireFrom(),
            Data = input.Data,
            Tasks = settings.Data.Where(name => !input.Data.ContainsKey(name)).ToDictionary(name => name, name => input.Tasks[name]),
            Checkpoints = BlobLayout.Checkpoints(input.RunId, input.Label),
        });
        context.SetCustomStatus(new StageProgress { Phase = JobKinds.Sft, Jobs = [job.JobId], JobSteps = true });

        var result = await jobs.RunAsync(context, job);
        await context.CallActivityAsync(MetricsActivities.RecordJobSteps, new JobSteps(input.RunId, input.Label, result.Output("steps")),
            JobCalls.Storage(input.Jobs));
        return input.Result(context, start, (int)result.Metrics[MetricNames.Steps], result);
    }
}
