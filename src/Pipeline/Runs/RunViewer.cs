using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Describes runs: what their orchestrations publish, what their stages have recorded, what their workers last said.</summary>
public sealed class RunViewer
{
    private readonly IOrchestrationClient client;
    private readonly IBlobStore blobs;
    private readonly StageTree tree;
    private readonly IWorkerPool pool;
    private readonly RunBudgets budgets;
    private readonly PipelineOptions options;
    private readonly TimeProvider clock;

    internal RunViewer(IOrchestrationClient client, IBlobStore blobs, StageTree tree, IWorkerPool pool, RunBudgets budgets,
        PipelineOptions options, TimeProvider clock) =>
        (this.client, this.blobs, this.tree, this.pool, this.budgets, this.options, this.clock) =
            (client, blobs, tree, pool, budgets, options, clock);

    /// <summary>The run as the API shows it.</summary>
    public async Task<RunView> ViewAsync(RunSpec run, CancellationToken cancellation = default)
    {
        var recipe = run.ParseRecipe();
        var state = await client.GetAsync(run.Id, cancellation);
        var status = Status(state);
        var progress = Read<RunProgress>(state) ?? new();
        var (stages, evaluations) = await tree.OfAsync(run.Id, recipe, state, cancellation);
        var time = progress.Time;
        double? eta = null;
        var jobs = new List<JobView>(await JobsAsync(run.Id, evaluations, cancellation));
        var spent = new TimeBreakdown();
        var waiting = progress.Waiting;
        for (var current = 0; current < stages.Count; current++)
        {
            if (stages[current].Status is not (StageStatus.Running or StageStatus.Evaluating)) continue;
            var (stage, detail) = await CurrentAsync(run.Id, stages[current], cancellation);
            if (detail is { Time: var own } && own.Wall >= spent.Wall) spent = own;
            waiting ??= detail?.Waiting;
            var ownJobs = await JobsAsync(run.Id, detail?.Jobs ?? [], cancellation);
            jobs.AddRange(ownJobs);
            if (detail is { JobSteps: true } && ownJobs is [var job])
                stage = stage with { Done = job.Step, Total = job.Steps > 0 ? job.Steps : stage.Total, Metrics = job.Metrics };
            if (status == RunStatus.Running && Eta(stage, detail) is { } left) eta = Math.Max(eta ?? 0, left);
            stages[current] = status switch
            {
                RunStatus.Cancelled => stage with { Status = StageStatus.Cancelled, Phase = null },
                RunStatus.Failed =>
                    stage with { Status = StageStatus.Failed, Phase = null, Error = stage.Error ?? state?.Failure?.Root.ErrorMessage },
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
            Fork = run.Fork,
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
            Waiting = status == RunStatus.Running ? waiting : null,
            EtaSeconds = eta,
            Time = time,
            Cost = workers.Usage is { } usage
                ? RunCosts.Of(options, usage)
                : RunCosts.Of(options, recipe.Workers.Count,
                    startedAt is { } start ? Instants.Between(start, endedAt ?? clock.GetUtcNow()) : TimeSpan.Zero),
            Budget = await budgets.ViewAsync(run, recipe, workers, state is not { IsFinished: true }, cancellation),
            CreatedAt = run.CreatedAt,
            StartedAt = startedAt,
            EndedAt = endedAt,
        };
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

    // The current stage with what its own orchestration, and the iteration's, publish.
    private async Task<(StageView Stage, StageProgress? Detail)> CurrentAsync(string runId, StageView stage, CancellationToken cancellation)
    {
        if (stage.Status != StageStatus.Running) return (stage, null);
        if (Read<StageProgress>(await client.GetAsync(InstanceIds.Stage(runId, stage.Label), cancellation)) is not { } detail)
            return (stage, null);
        if (detail.Instance is { } instance && Read<StageProgress>(await client.GetAsync(instance, cancellation)) is { } inner)
            detail = detail with { Phase = inner.Phase, Jobs = inner.Jobs, Waiting = inner.Waiting ?? detail.Waiting };
        var metrics = detail.Metrics ?? await tree.FiguresAsync(runId, stage.Label, detail, cancellation);
        return (stage with { Done = detail.Done, Total = detail.Total, Phase = detail.Phase, Metrics = metrics,
            Checkpoint = detail.Checkpoint }, detail);
    }

    private async Task<IReadOnlyList<JobView>> JobsAsync(string runId, IReadOnlyList<string> jobIds, CancellationToken cancellation)
    {
        var words = await Task.WhenAll(JobRanges.Expand(jobIds)
            .Select(id => blobs.TryReadJsonAsync<JobProgress>(BlobLayout.JobProgress(runId, id), cancellation)));
        return [.. words.OfType<JobProgress>()
            .Select(word =>
                new JobView(word.JobId, word.Worker, word.Step, word.Steps, word.Metrics, word.UpdatedAt, word.Waiting, word.StorageWait))];
    }

    // What is left at the pace so far.
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
