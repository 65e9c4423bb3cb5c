using System.Globalization;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Reuse;

/// <summary>Decides which of a run's stages are taken over from earlier runs, and says why the others run.</summary>
public sealed class ReusePlanner
{
    private readonly IBlobStore blobs;
    private readonly StageIndex index;
    private readonly StageOutputs outputs;
    private readonly DataContents contents;
    private readonly RunClaims claims;

    internal ReusePlanner(IBlobStore blobs, StageIndex index, StageOutputs outputs, DataContents contents, RunClaims claims) =>
        (this.blobs, this.index, this.outputs, this.contents, this.claims) = (blobs, index, outputs, contents, claims);

    /// <summary>The keys of a recipe's stages, by name.</summary>
    internal async Task<IReadOnlyDictionary<string, StageKey>> KeysAsync(
        Recipe recipe, int? threads, RunFork? fork, CancellationToken cancellation) =>
        StageKeys.Of(recipe, await contents.OfAsync(recipe, cancellation), await contents.DatedAsync(recipe, cancellation), threads,
            fork is null ? null : new(fork.Keys, fork.Start?.Stage, fork.Start?.Content));

    /// <summary>What a run began with that is a fork; null for another one.</summary>
    internal async Task<RunFork?> ForkOfAsync(RunSpec run, CancellationToken cancellation) =>
        run.Fork is null ? null : await blobs.ReadJsonAsync<RunFork>(BlobLayout.Fork(run.Id), cancellation);

    /// <summary>What a new run would take over.</summary>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="threads">The CPU threads of its workers; see <see cref="R1Cloud.Pipeline.Model.RunSpec.Threads"/>.</param>
    /// <param name="reuse">False when nothing may be.</param>
    /// <param name="cancellation">Stops.</param>
    public Task<ReusePlan> PlanAsync(Recipe recipe, int? threads, bool reuse, CancellationToken cancellation) =>
        PlanAsync(recipe, threads, reuse, fork: null, cancellation);

    /// <summary>What a run takes over that is about to begin.</summary>
    internal async Task<ReusePlan> PlanAsync(RunSpec run, CancellationToken cancellation) =>
        await PlanAsync(run.ParseRecipe(), run.Threads, run.Reuse, await ForkOfAsync(run, cancellation), cancellation);

    private async Task<ReusePlan> PlanAsync(Recipe recipe, int? threads, bool reuse, RunFork? fork, CancellationToken cancellation)
    {
        var (_, decisions) = await DecideAsync(recipe, threads, new RunInput(""), reuse, fork, cancellation);
        return new([.. recipe.Stages.Select(stage =>
        {
            var result = decisions[stage.Key].Record?.Result;
            return new StageReuse(stage.Key, stage.Value.Kind(), result?.ReusedFrom,
                result is not null && EvaluationPlan.IsDue(stage.Value, result, recipe.Evaluation), decisions[stage.Key].Reason);
        })]);
    }

    /// <summary>
    /// The stages' keys and what becomes of each stage, by name. A stage is taken over when it has its key's result, whole, and all its
    /// inputs are there with the content that it was made from.
    /// </summary>
    /// <param name="recipe">The run's recipe.</param>
    /// <param name="threads">The CPU threads of its workers.</param>
    /// <param name="run">The run; stages that are run again by a retry are never taken over.</param>
    /// <param name="reuse">False when nothing may be.</param>
    /// <param name="fork">What the run began with; null where it is no fork.</param>
    /// <param name="cancellation">Stops.</param>
    internal async Task<(IReadOnlyDictionary<string, StageKey> Keys, IReadOnlyDictionary<string, StageDecision> Decisions)> DecideAsync(
        Recipe recipe, int? threads, RunInput run, bool reuse, RunFork? fork, CancellationToken cancellation)
    {
        var keys = await KeysAsync(recipe, threads, fork, cancellation);
        var decisions = new Dictionary<string, StageDecision>();
        var there = new Dictionary<string, string>(); // content of the stages that do not run
        foreach (var name in recipe.Stages.Keys)
        {
            var own = await OwnAsync(run, name, cancellation);
            var decision = own is { Result: not null } ? new(own)
                : fork?.Records.GetValueOrDefault(name) is { } taken ? new(taken, TakenOver: true)
                : !reuse ? new(Reason: "asked to run again")
                : run.Label(name) != name ? new(Reason: "retried")
                : await FindAsync(recipe, name, keys[name], there, cancellation);
            if (decision.Record is null && fork?.Start is { } start && start.Stage == name)
                decision = new(Reason: string.Create(CultureInfo.InvariantCulture, $"goes on after iteration {start.Iteration}"));
            decisions[name] = decision with { Record = decision.Record ?? own };
            if (decision.Record?.Result is { } result && await outputs.ContentAsync(result, verify: false, cancellation) is { } content)
                there[name] = content;
        }
        return (keys, decisions);
    }

    /// <summary>Stages that a run took over and whose models or data are missing or damaged by now.</summary>
    internal async Task<IReadOnlyList<string>> LostAsync(Recipe recipe, RunInput run, CancellationToken cancellation)
    {
        var lost = new List<string>();
        foreach (var name in recipe.Stages.Keys)
        {
            if ((await OwnAsync(run, name, cancellation))?.Result is { ReusedFrom: not null } result
                && await outputs.ContentAsync(result, verify: true, cancellation) is null)
                lost.Add(name);
        }
        return lost;
    }

    private async Task<StageRecord?> OwnAsync(RunInput run, string name, CancellationToken cancellation) => run.RunId.Length == 0
        ? null
        : await blobs.TryReadJsonAsync<StageRecord>(BlobLayout.StageRecord(run.RunId, run.Label(name)), cancellation);

    private async Task<StageDecision> FindAsync(
        Recipe recipe, string name, StageKey key, Dictionary<string, string> there, CancellationToken cancellation)
    {
        if (key.Result is null) return Runs($"data file '{key.UnknownFile}' cannot be read here");
        var inputs = recipe.InputsOf(name);
        var running = inputs.FirstOrDefault(input => !there.ContainsKey(input));
        if (await index.FindStageAsync(key.Result, cancellation) is not { } entry)
        {
            if (await index.FindLastAsync(recipe.Name, name, cancellation) is not { } last) return Runs("new");
            var changes = KeyChanges.Between(last, key.Basis);
            return Runs(changes.Count > 0 ? $"changed: {Words(changes)}" : running is null ? "new" : $"depends on {running}");
        }
        if (running is not null) return Runs($"depends on {running}");
        if (inputs.FirstOrDefault(input => entry.Inputs.GetValueOrDefault(input) != there[input]) is { } other)
            return Runs($"{other} was made again since");
        if (await outputs.ContentAsync(entry.Result, verify: true, cancellation) != entry.Content)
            return Runs($"what run {entry.RunId} made is missing or damaged");
        if ((await claims.LostAsync("", StageOutputs.PathsOf(entry.Result), cancellation)).Count > 0)
            return Runs($"what run {entry.RunId} made is being removed");

        var evaluation = key.Evaluation is null ? null : await index.FindEvaluationAsync(key.Evaluation, cancellation);
        if (evaluation?.Content != entry.Content) evaluation = null;
        var measured = evaluation is null
            ? entry.Result.Evaluation is not null : (evaluation.RunId, evaluation.Label) == (entry.RunId, entry.Label);
        return new(TakenOver: true, Record: new(entry.Result with
        {
            Label = name,
            ReusedFrom = new(entry.RunId, entry.Label, measured),
            Time = new(),
            Evaluation = (evaluation?.Result ?? entry.Result.Evaluation) is { } result ? result with { Time = new() } : null,
        }));

        static StageDecision Runs(string reason) => new(Reason: reason);
    }

    private static string Words(IReadOnlyList<string> changes) =>
        string.Join(", ", changes.Take(3)) + (changes.Count > 3 ? $" and {changes.Count - 3} more" : "");
}
