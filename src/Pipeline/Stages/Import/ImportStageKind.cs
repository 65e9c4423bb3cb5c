using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages.Import;

/// <summary>A published model: one job, which is one step.</summary>
internal sealed class ImportStageKind : StageKind<ImportStage>
{
    private const int Step = 1;

    /// <inheritdoc/>
    protected override async Task<StageResult?> RunAsync(IOrchestrationContext context, JobCalls jobs, StageInput input,
        ImportStage settings)
    {
        var start = context.CurrentUtcDateTime;
        var job = input.Job(JobId.Create(input.Label, 0, JobKinds.Import), new ImportJob
        {
            Settings = settings, Checkpoint = BlobLayout.Checkpoint(input.RunId, input.Label, Step), Step = Step,
        });
        context.SetCustomStatus(new StageProgress { Total = Step, Phase = JobKinds.Import, Jobs = [job.JobId] });

        var result = await jobs.RunAsync(context, job);
        return input.Result(context, start, Step, result);
    }

    /// <inheritdoc/>
    protected override StageWork? Estimate(EstimateContext context, ImportStage settings) =>
        new() { CheckpointBytes = 2 * context.Model.Parameters }; // copied as published, in 16 bits
}
