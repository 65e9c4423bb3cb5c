using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Creates, steers and retries runs. Every operation may be repeated.</summary>
public sealed class RunService
{
    private readonly IRunStore runs;
    private readonly RunLister lister;
    private readonly IOrchestrationClient client;
    private readonly IWorkerPool pool;
    private readonly RunViewer viewer;
    private readonly RunRetries retries;
    private readonly ReusePlanner planner;
    private readonly RunClaims claims;
    private readonly RunBudgets budgets;
    private readonly RunAdmission admission;
    private readonly TimeProvider clock;

    internal RunService(IRunStore runs, RunLister lister, IOrchestrationClient client, IWorkerPool pool, RunViewer viewer,
        RunRetries retries, ReusePlanner planner, RunClaims claims, RunBudgets budgets, RunAdmission admission, TimeProvider clock) =>
        (this.runs, this.lister, this.client, this.pool, this.viewer, this.retries, this.planner, this.claims, this.budgets, this.admission,
            this.clock) = (runs, lister, client, pool, viewer, retries, planner, claims, budgets, admission, clock);

    /// <summary>Starts a run.</summary>
    /// <param name="recipe">What to do.</param>
    /// <param name="id">The run's id; null derives it from the recipe (and the key), so that the same order is the same run.</param>
    /// <param name="idempotencyKey">A text that stands for this order, if the caller has one.</param>
    /// <param name="reuse">Whether stages that other runs have finished are taken over.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The run; the same one when it was created before. Its stages say what is taken over and why the others run.</returns>
    /// <exception cref="InvalidRequestException">The id is not valid.</exception>
    /// <exception cref="RunConflictException">The id or the key stands for a run of another recipe.</exception>
    /// <exception cref="TooManyException">As many runs are active as the host allows.</exception>
    public async Task<RunView> CreateAsync(LoadedRecipe recipe, string? id, string? idempotencyKey, bool reuse = true,
        CancellationToken cancellation = default)
    {
        if (id is not null) RunIds.Check(id);
        id = await IdAsync(recipe, id, idempotencyKey, cancellation);
        var (run, isFirst) = await BeginAsync(
            new(id, recipe.Recipe.Name, JsonSerializer.Deserialize<JsonElement>(recipe.ResolvedJson), recipe.Hash, clock.GetUtcNow(), reuse,
                recipe.Recipe.TemplateDate ?? Today(), pool.ThreadsFor(recipe.Recipe.Workers)), cancellation);
        return await ViewAsync(run, isFirst, cancellation);
    }

    /// <summary>A run that has just begun: what it takes over, too, where it has not said so itself.</summary>
    internal async Task<RunView> ViewAsync(RunSpec run, bool isFirst, CancellationToken cancellation)
    {
        // One at a time begin, but none waits for what the workers of another have to say.
        var view = await viewer.ViewAsync(run, cancellation);
        var silent = isFirst && view.Stages.All(stage => stage is { Status: StageStatus.Pending, Reason: null, ReusedFrom: null });
        return silent ? await AnnounceAsync(run, view, cancellation) : view;
    }

    /// <summary>Begins a run as it is ordered, or finds the one that its id stands for.</summary>
    /// <returns>The run, and whether it has not been retried yet.</returns>
    /// <exception cref="RunConflictException">The id stands for another run, or for what is left of one that was removed.</exception>
    internal Task<(RunSpec Run, bool IsFirst)> BeginAsync(RunSpec order, CancellationToken cancellation) =>
        admission.BeginAsync(order.Id, again: false, () => CreateAndScheduleAsync(order, cancellation), cancellation);

    private async Task<(RunSpec Run, bool IsFirst)> CreateAndScheduleAsync(RunSpec order, CancellationToken cancellation)
    {
        var id = order.Id;
        if (await claims.IsRemovedAsync(id, cancellation))
            throw new RunConflictException(
                $"Run '{id}' was removed, but other runs need parts of it, which are still there. Choose another id.");
        var run = await runs.GetOrCreateAsync(order, cancellation);
        if (run.Hash != order.Hash)
            throw new RunConflictException(
                $"Run '{id}' exists with another recipe ({run.Hash[..8]}, not {order.Hash[..8]}). Choose another id.");
        if (run.Fork != order.Fork && order.Fork is not null)
            throw new RunConflictException($"Run '{id}' exists and is not that fork. Choose another name.");

        var generation = await runs.TryGetGenerationAsync(id, cancellation);
        var input = RunInput.Begin(id, generation?.Number ?? 0, generation?.Revisions);
        await client.ScheduleNewAsync(OrchestrationNames.Run, input, id, cancellation: cancellation);
        if (run.CreatedAt == order.CreatedAt) RunSpans.Created(run, order.CreatedAt, clock.GetUtcNow());
        return (run, generation is null);
    }

    /// <summary>What a run of a recipe would take over, and why the rest would run.</summary>
    public Task<ReusePlan> PlanReuseAsync(LoadedRecipe recipe, bool reuse, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return planner.PlanAsync(recipe.Recipe.Expand() with { TemplateDate = recipe.Recipe.TemplateDate ?? Today() },
            pool.ThreadsFor(recipe.Recipe.Workers), reuse, cancellation);
    }

    private string Today() => clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A page of runs, newest first.</summary>
    public Task<RunList> ListAsync(RunQuery? query = null, CancellationToken cancellation = default) =>
        lister.ListAsync(query ?? RunQuery.Newest, cancellation);

    /// <summary>A run.</summary>
    /// <exception cref="InvalidRequestException">The id is not valid.</exception>
    /// <exception cref="RunNotFoundException">There is none.</exception>
    public async Task<RunView> GetAsync(string id, CancellationToken cancellation = default) =>
        await viewer.ViewAsync(await SpecAsync(id, cancellation), cancellation);

    /// <summary>Holds a run: jobs that run are stopped after saving, nothing new begins. A held run stays held.</summary>
    /// <exception cref="RunNotFoundException">There is none.</exception>
    /// <exception cref="RunConflictException">It is finished.</exception>
    public async Task<RunView> PauseAsync(string id, CancellationToken cancellation = default)
    {
        var (run, state) = await FindAsync(id, cancellation);
        if (state.IsFinished) throw Conflict(id, state, "be paused", "running");
        if (state.Status != OrchestrationStatus.Suspended) await client.SuspendAsync(id, "paused by request", cancellation);
        await pool.ReleaseAsync(id, cancellation);
        return await viewer.ViewAsync(run, cancellation);
    }

    /// <summary>Lets a held run go on. A run that goes on is left to it.</summary>
    /// <exception cref="RunNotFoundException">There is none.</exception>
    /// <param name="id">The run.</param>
    /// <param name="budget">What it may cost from now on in all; null leaves its budget as it is.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="InvalidRequestException">The budget is not raised.</exception>
    /// <exception cref="RunConflictException">It is finished, or has no budget to raise.</exception>
    public async Task<RunView> ResumeAsync(string id, double? budget = null, CancellationToken cancellation = default)
    {
        var (run, state) = await FindAsync(id, cancellation);
        if (state.IsFinished) throw Conflict(id, state, "be resumed", "paused");
        if (budget is { } amount) await budgets.RaiseAsync(run, amount, cancellation);
        if (state.Status == OrchestrationStatus.Suspended)
        {
            await client.ResumeAsync(id, "resumed by request", cancellation);
            await pool.EnsureAsync(id, run.ParseRecipe().Workers, cancellation);
        }
        return await viewer.ViewAsync(run, cancellation);
    }

    /// <summary>Ends a run. A cancelled run stays cancelled; it can be retried.</summary>
    /// <exception cref="RunNotFoundException">There is none.</exception>
    /// <exception cref="RunConflictException">It has ended by itself.</exception>
    public async Task<RunView> CancelAsync(string id, CancellationToken cancellation = default)
    {
        var (run, state) = await FindAsync(id, cancellation);
        if (state.Status is OrchestrationStatus.Completed or OrchestrationStatus.Failed)
            throw Conflict(id, state, "be cancelled", "queued, running or paused");
        if (!state.IsFinished) await client.TerminateAsync(id, "cancelled by request", cancellation);
        await pool.ReleaseAsync(id, cancellation);
        return await viewer.ViewAsync(run, cancellation);
    }

    /// <summary>
    /// Continues a failed or cancelled run with its finished jobs kept; with a stage, runs that one and those that depend on it again.
    /// </summary>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="InvalidRequestException">The run has no such stage.</exception>
    /// <exception cref="RunConflictException">It is not finished, or there is nothing to continue.</exception>
    /// <exception cref="TooManyException">As many runs are active as the host allows.</exception>
    public async Task<RunView> RetryAsync(string id, string? stage = null, CancellationToken cancellation = default)
    {
        var (run, state) = await FindAsync(id, cancellation);
        if (!state.IsFinished) throw Conflict(id, state, "be retried", "failed, cancelled or (with a stage) completed");
        if (stage is null && state.Status == OrchestrationStatus.Completed)
            throw new RunConflictException($"Run '{id}' is completed. Name the stage that is to run again.");
        await admission.BeginAsync(id, again: true, async () =>
        {
            await retries.RestartAsync(run, stage, cancellation);
            return run;
        }, cancellation);
        return await viewer.ViewAsync(run, cancellation);
    }

    /// <summary>The run as it was ordered.</summary>
    internal async Task<RunSpec> SpecAsync(string id, CancellationToken cancellation)
    {
        RunIds.Check(id);
        return await runs.TryGetAsync(id, cancellation) ?? throw new RunNotFoundException($"There is no run '{id}'.");
    }

    // The view of a run whose orchestration has not said yet what it takes over.
    private async Task<RunView> AnnounceAsync(RunSpec run, RunView view, CancellationToken cancellation)
    {
        var plan = (await planner.PlanAsync(run, cancellation)).Stages;
        return view with {
            Stages = [.. view.Stages.Zip(plan,
                (stage, planned) => stage with { ReusedFrom = planned.ReusedFrom, Reason = planned.Reason })] };
    }

    private async Task<(RunSpec Run, OrchestrationState State)> FindAsync(string id, CancellationToken cancellation)
    {
        var run = await SpecAsync(id, cancellation);
        return (run, await client.GetAsync(id, cancellation)
            ?? throw new RunConflictException($"Run '{id}' was accepted but not begun. Send its recipe again."));
    }

    private async Task<string> IdAsync(LoadedRecipe recipe, string? id, string? key, CancellationToken cancellation)
    {
        if (key is null) return id ?? RunIds.Of(recipe);

        var keyHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        var tied = await runs.TieKeyAsync(key, id ?? $"{recipe.Recipe.Name}-{keyHash[..8]}", cancellation);
        if (id is not null && tied != id) throw new RunConflictException($"The idempotency key stands for run '{tied}', not '{id}'.");
        return tied;
    }

    private static RunConflictException Conflict(string id, OrchestrationState state, string wish, string allowed) =>
        new($"Run '{id}' is {RunViewer.Status(state).ToString().ToLowerInvariant()} and cannot {wish}; it must be {allowed}.");
}
