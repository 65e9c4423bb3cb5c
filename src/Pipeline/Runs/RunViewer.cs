using System.Text.Json;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Stages;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Describes runs: what their orchestrations publish, what their workers last said.</summary>
/// <param name="runs">Where runs are kept.</param>
/// <param name="client">The orchestration engine.</param>
/// <param name="blobs">The runs' blobs.</param>
/// <param name="pool">The workers.</param>
/// <param name="options">Prices.</param>
/// <param name="clock">The clock.</param>
public sealed class RunViewer(
    IRunStore runs, IOrchestrationClient client, IBlobStore blobs, IWorkerPool pool, PipelineOptions options, TimeProvider clock)
{
    /// <summary>The run as the API shows it.</summary>
    public async Task<RunView> ViewAsync(RunSpec run, CancellationToken cancellation = default)
    {
        var recipe = run.ParseRecipe();
        var state = await client.GetAsync(run.Id, cancellation);
        var status = Status(state);
        var progress = await ProgressAsync(run, state, cancellation);

        var stages = progress.Stages.ToList();
        var time = progress.Time;
        double? eta = null;
        var jobs = new List<JobView>(await JobsAsync(run.Id, progress.Jobs, cancellation));
        var spent = new TimeBreakdown();
        for (var current = 0; current < stages.Count; current++)
        {
            if (stages[current].Status is not (StageStatus.Running or StageStatus.Evaluating)) continue;
            var (stage, detail) = await CurrentAsync(run.Id, stages[current], cancellation);
            if (detail is { Time: var own } && own.Wall >= spent.Wall) spent = own;
            var ownJobs = await JobsAsync(run.Id, detail?.Jobs ?? [], cancellation);
            jobs.AddRange(ownJobs);
            if (detail is { JobSteps: true } && ownJobs is [var job]) stage = stage with { Done = job.Step, Total = job.Steps > 0 ? job.Steps : stage.Total, Metrics = job.Metrics };
            if (status == RunStatus.Running && Eta(stage, detail) is { } left) eta = Math.Max(eta ?? 0, left);
            stages[current] = status switch
            {
                RunStatus.Cancelled => stage with { Status = StageStatus.Cancelled, Phase = null },
                RunStatus.Failed => stage with { Status = StageStatus.Failed, Phase = null, Error = stage.Error ?? state?.Failure?.Root.ErrorMessage },
                _ => stage,
            };
        }
        time += spent;

        var startedAt = stages.Min(stage => stage.StartedAt) ?? progress.StartedAt;
        var workers = await pool.GetAsync(run.Id, cancellation);
        DateTimeOffset? endedAt = state is { IsFinished: true } ? state.UpdatedAt : null;
        return new()
        {
            Id = run.Id,
            Name = run.Name,
            RecipeHash = run.Hash,
            Status = status,
            Stages = stages,
            Jobs = status == RunStatus.Running ? jobs : [],
            Workers = workers,
            Error = status switch
            {
                RunStatus.Failed => state?.Failure?.Root.ErrorMessage,
                RunStatus.Cancelled => state?.Output is { ValueKind: JsonValueKind.String } reason ? reason.GetString() : "cancelled",
                _ => null,
            },
            EtaSeconds = eta,
            Time = time,
            Cost = workers.Usage is { } usage
                ? RunCosts.Of(options, usage)
                : RunCosts.Of(options, recipe.Workers.Count, startedAt is { } start ? Instants.Between(start, endedAt ?? clock.GetUtcNow()) : TimeSpan.Zero),
            CreatedAt = run.CreatedAt,
            StartedAt = startedAt,
            EndedAt = endedAt,
        };
    }

    /// <summary>The run in a listing.</summary>
    public async Task<RunSummary> SummarizeAsync(RunSpec run, CancellationToken cancellation = default)
    {
        var state = await client.GetAsync(run.Id, cancellation);
        var stage = Read<RunProgress>(state)?.Stages.LastOrDefault(stage => stage.Status != StageStatus.Pending);
        return new(run.Id, run.Name, Status(state), run.CreatedAt, stage?.Label);
    }

    /// <summary>A run's status by its orchestration's.</summary>
    internal static RunStatus Status(OrchestrationState? state) => state?.Status switch
    {
        null or OrchestrationStatus.Pending => RunStatus.Queued,
        OrchestrationStatus.Running => RunStatus.Running,
        OrchestrationStatus.Suspended => RunStatus.Paused,
        OrchestrationStatus.Completed => RunStatus.Completed,
        OrchestrationStatus.Failed => RunStatus.Failed,
        OrchestrationStatus.Terminated => RunStatus.Cancelled,
        var other => throw new NotSupportedException($"Orchestration status {other}."),
    };

    /// <summary>What the run's orchestration published; before it says anything, the plan.</summary>
    private async Task<RunProgress> ProgressAsync(RunSpec run, OrchestrationState? state, CancellationToken cancellation)
    {
        if (Read<RunProgress>(state) is { } progress) return progress;
        var generation = await runs.TryGetGenerationAsync(run.Id, cancellation);
        return new() { Stages = RunBoard.Plan(run.ParseRecipe(), new(run.Id, generation?.Number ?? 0, generation?.Revisions)) };
    }

    /// <summary>The current stage with what its own orchestration, and the iteration's, publish.</summary>
    private async Task<(StageView Stage, StageProgress? Detail)> CurrentAsync(string runId, StageView stage, CancellationToken cancellation)
    {
        if (stage.Status != StageStatus.Running) return (stage, null);
        if (Read<StageProgress>(await client.GetAsync(StageHelpers.Instance(runId, stage.Label), cancellation)) is not { } detail) return (stage, null);
        if (detail.Instance is { } instance && Read<StageProgress>(await client.GetAsync(instance, cancellation)) is { } inner)
            detail = detail with { Phase = inner.Phase, Jobs = inner.Jobs };
        return (stage with { Done = detail.Done, Total = detail.Total, Phase = detail.Phase, Metrics = detail.Metrics, Checkpoint = detail.Checkpoint }, detail);
    }

    private async Task<IReadOnlyList<JobView>> JobsAsync(string runId, IReadOnlyList<string> jobIds, CancellationToken cancellation)
    {
        var words = await Task.WhenAll(jobIds.Select(id => blobs.TryReadJsonAsync<JobProgress>(BlobLayout.JobProgress(runId, id), cancellation)));
        return [.. words.OfType<JobProgress>().Select(word => new JobView(word.JobId, word.Worker, word.Step, word.Steps, word.Metrics, word.UpdatedAt, word.Waiting, word.StorageWait))];
    }

    /// <summary>What is left at the pace so far.</summary>
    private double? Eta(StageView stage, StageProgress? detail)
    {
        if (stage is not { Done: > 0, StartedAt: { } start }) return null;
        var spent = detail is { Time.Wall: > 0 } ? detail.Time.Wall : Instants.Between(start, clock.GetUtcNow()).TotalSeconds;
        return spent / stage.Done * (stage.Total - stage.Done);
    }

    internal static T? Read<T>(OrchestrationState? state)
        where T : class =>
        state?.CustomStatus is { ValueKind: JsonValueKind.Object } status ? status.Deserialize<T>(R1Json.Options) : null;
}
