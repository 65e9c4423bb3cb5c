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

namespace R1Cloud.Pipeline.Stages.FineTuning;

/// <summary>Supervised fine-tuning: one job, whose steps are the stage's. How many there are is known once the data is.</summary>
internal sealed class SftStageKind : StageKind<SftStage>
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

    /// <inheritdoc/>
    protected override StageWork? Estimate(EstimateContext context, SftStage settings)
    {
        // As many rows as the sources have at most; unknown where the rows of a data set cannot be counted here.
        var sources = new Dictionary<string, DataRows>();
        foreach (var name in settings.Data)
        {
            if (context.Recipe.Stages.TryGetValue(name, out var made) && made is SampleStage sample)
                sources[name] = DataRows.Of(context, sample);
            else if (DataRows.Of(context, context.Recipe.Tasks.GetValueOrDefault(name)) is { } rows) sources[name] = rows;
            else return null;
        }
        var unit = settings.Proportions.Count == 0 ? 0 : sources.Min(source => source.Value.Count / settings.Proportions[source.Key]);
        var mixed = sources.Select(source =>
            source.Value with { Count = settings.Proportions.Count == 0 ? source.Value.Count : unit * settings.Proportions[source.Key] })
            .ToList();
        return new()
        {
            TrainedTokens = settings.Epochs * mixed.Sum(rows => rows.Count * rows.Tokens),
            TrainingFlops = settings.Epochs * mixed.Sum(rows => rows.Count * 3 * context.Model.Forward(rows.Tokens)),
            Memory = MemoryDemands.Of(settings, mixed.Max(rows => rows.Tokens)),
            CheckpointBytes = context.Model.CheckpointBytes,
        };
    }
}
