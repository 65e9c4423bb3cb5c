using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>
/// Forks: runs whose earlier stages and iterations are another run's, which goes on as it did or stays as it is. Nothing is copied; the
/// fork's claims keep what it needs, whatever becomes of the other run.
/// </summary>
internal sealed class RunForks(IRunStore runs, RunService service, ReusePlanner planner, ForkPoints points, RunClaims claims,
    StageOutputs outputs, IBlobStore blobs, IWorkerPool pool, TimeProvider clock)
{
    /// <summary>The recipe of a fork, to be checked as any other.</summary>
    /// <param name="parent">The run that it leaves.</param>
    /// <param name="request">What it is to be.</param>
    /// <exception cref="BadInputException">A setting leads nowhere.</exception>
    public static string RecipeOf(RunSpec parent, ForkRequest request) => RecipeSettings.Set(parent.Recipe.GetRawText(),
        (request.Set ?? new Dictionary<string, JsonElement>())
            .Select(field => KeyValuePair.Create(field.Key, JsonNode.Parse(field.Value.GetRawText()))));

    /// <summary>Forks a run.</summary>
    /// <param name="parent">The run.</param>
    /// <param name="request">What the fork is to be.</param>
    /// <param name="loaded">Its recipe, checked: see <see cref="RecipeOf"/>.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The fork; the same one when it was ordered before.</returns>
    /// <exception cref="InvalidRequestException">There is no such stage or checkpoint, or a setting would have no effect.</exception>
    /// <exception cref="RunConflictException">The name stands for another run, or what the fork needs is being removed.</exception>
    public async Task<RunView> ForkAsync(RunSpec parent, ForkRequest request, LoadedRecipe loaded, CancellationToken cancellation)
    {
        var (before, after) = (parent.ParseRecipe(), loaded.Recipe.Expand());
        var (stage, iteration) = Place(before, request.At);
        if (request.Name is { } name && !RunIds.IsValid(name)) throw new InvalidRequestException("name", name, RunIds.Allowed);
        Unchanged(before, after, stage);

        var generation = await runs.TryGetGenerationAsync(parent.Id, cancellation);
        var input = new RunInput(parent.Id, generation?.Number ?? 0, generation?.Revisions);
        var (start, whole, at) = await StartAsync(parent, input, before, after, stage, iteration, cancellation);
        var records = await TakenAsync(parent, input, before, after, stage, whole, cancellation);
        var fork = new RunFork(records, await KeysAsync(parent, before, after, records, cancellation), start);

        var origin = new ForkOrigin(parent.Id, stage, at);
        var id = request.Name ?? IdOf(loaded, origin);
        if (id == parent.Id) throw new InvalidRequestException("name", id, "another name than that of the run itself");
        if (await runs.TryGetAsync(id, cancellation) is { } known && (known.Fork != origin || known.Hash != loaded.Hash))
            throw new RunConflictException($"Run '{id}' exists and is not that fork. Choose another name.");
        var needsReference = after.Stages[stage] is RlStage rl && rl.Loss.NeedsReference();
        await ClaimAsync(id, parent.Id, fork, needsReference, cancellation);
        await blobs.TryCreateJsonAsync(BlobLayout.Fork(id), fork, cancellation);
        var sameWorkers = after.Workers.Threads == before.Workers.Threads || after.Workers.Threads == 0;
        var (run, isFirst) = await service.BeginAsync(
            new(id, loaded.Recipe.Name, JsonSerializer.Deserialize<JsonElement>(loaded.ResolvedJson), loaded.Hash, clock.GetUtcNow(),
                parent.Reuse, loaded.Recipe.TemplateDate ?? parent.TemplateDate,
                sameWorkers ? parent.Threads : pool.ThreadsFor(after.Workers), origin), cancellation);
        return await service.ViewAsync(run, isFirst, cancellation);
    }

    private static (string Stage, int? Iteration) Place(Recipe recipe, string at)
    {
        var colon = at.LastIndexOf(':');
        var stage = colon < 0 ? at : at[..colon];
        if (!recipe.Stages.ContainsKey(stage)) throw new InvalidRequestException("at", at, string.Join(", ", recipe.Stages.Keys));
        if (colon < 0) return (stage, null);
        return int.TryParse(at[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var iteration)
            ? (stage, iteration) : throw new InvalidRequestException("at", at, $"{stage}, or {stage}: and an iteration's number");
    }

    // What is done is done: other settings of an earlier stage would have no effect.
    private static void Unchanged(Recipe before, Recipe after, string stage)
    {
        var earlier = before.Stages.TakeWhile(one => one.Key != stage).ToList();
        var names = after.Stages.Keys.Take(earlier.Count + 1).ToList();
        if (!names.SequenceEqual(earlier.Select(one => one.Key).Append(stage)))
            throw new InvalidRequestException("set", string.Join(", ", names),
                $"the stages {string.Join(", ", earlier.Select(one => one.Key).Append(stage))}, in this order, then any others");
        foreach (var (name, settings) in earlier) Same(name, settings, after.Stages[name], $"is before {stage}, where the fork begins");
    }

    private static void Same(string name, StageRecipe before, StageRecipe after, string why)
    {
        var difference = JsonDifferences.Of(Json(before), Json(after)).FirstOrDefault();
        if (difference is not null)
            throw new InvalidRequestException($"stages.{name}.{difference.Path}", difference.To?.ToString(),
                $"{difference.From?.ToString() ?? "nothing"}, as in the run: stage '{name}' {why}");
    }

    private static JsonElement Json<T>(T value) => JsonSerializer.SerializeToElement(value, R1Json.Options);

    // Where the fork begins: in the midst of a stage, or with the stage taken whole, or before it.
    private async Task<(StageStart? Start, bool Whole, int At)> StartAsync(RunSpec parent, RunInput input, Recipe before, Recipe after,
        string stage, int? iteration, CancellationToken cancellation)
    {
        if (iteration == 0) return (null, false, 0);
        var label = input.Label(stage);
        var (old, now) = (before.Stages[stage], after.Stages[stage]);
        var result = (await RecordAsync(parent.Id, label, cancellation))?.Result;
        var goesOn = old is RlStage && now is RlStage more && more.Iterations > (iteration ?? result?.Steps ?? 0);
        if (result is not null && (iteration ?? result.Steps) == result.Steps && !goesOn)
        {
            Same(stage, old, now, "is taken over whole, as the fork begins after its last iteration");
            return (null, true, result.Steps);
        }
        if (old is not RlStage was || now is not RlStage settings)
        {
            throw new InvalidRequestException("at", $"{stage}{(iteration is null ? "" : $":{iteration}")}", result is null
                ? $"{stage}:0, as stage '{stage}' ({old.Kind()}) has no result yet"
                : $"{stage} or {stage}:0, as a stage of kind {old.Kind()} keeps its last checkpoint alone");
        }
        Same(stage, new RlStage { From = was.From }, new RlStage { From = settings.From }, "has begun from that model");
        Same(stage, Adapter(was), Adapter(settings), "has begun with that adapter, which its checkpoints hold");

        var (source, sourceLabel) = result?.ReusedFrom is { } made
            ? (await runs.TryGetAsync(made.RunId, cancellation) ?? throw new InvalidRequestException("at", stage,
                $"{stage} or {stage}:0, as run '{made.RunId}', which made its checkpoints, is removed"), made.Label) : (parent, label);
        var (at, point) = await points.FindAsync(source, stage, sourceLabel, iteration, settings.Loss.NeedsReference(), cancellation);
        if (at > settings.Iterations)
            throw new InvalidRequestException($"stages.{stage}.iterations", $"{settings.Iterations}", $"at least {at}, which are done");
        var first = (await RecordAsync(parent.Id, input.Label(was.From!), cancellation))?.Result?.Checkpoint
            ?? throw new InvalidRequestException("at", stage, $"a stage after '{was.From}', which has no result");
        var reference = point.Reference ?? first;
        var content = $"iteration {at} of {await ContentAsync(point.Path, cancellation)}";
        if (settings.Loss.NeedsReference()) content += $", reference {await ContentAsync(reference, cancellation)}";
        var pool = settings.Curriculum is null ? null : point.Pool;
        if (pool is not null) content += $", pool {await HashAsync(pool, cancellation)}";
        return (new(stage, at, point.Path, reference, content, point.Lineage, pool), false, at);

        static RlStage Adapter(RlStage rl) => new() { Optimizer = new() { LearningRate = 1, Lora = rl.Optimizer.Lora } };
    }

    private async Task<string> ContentAsync(string checkpoint, CancellationToken cancellation)
    {
        var manifest = await outputs.WholeAsync(checkpoint, cancellation)
            ?? throw new RunConflictException($"Checkpoint '{checkpoint}' is missing or damaged.");
        var files = manifest.Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"{file.Key} {file.Value.Sha256}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(files))));
    }

    private async Task<string> HashAsync(string path, CancellationToken cancellation) =>
        await blobs.TryReadAsync(path, cancellation) is { } content
            ? Convert.ToHexStringLower(SHA256.HashData(content)) : throw new RunConflictException($"'{path}' is missing.");

    private async Task<StageRecord?> RecordAsync(string runId, string label, CancellationToken cancellation) =>
        await blobs.TryReadJsonAsync<StageRecord>(BlobLayout.StageRecord(runId, label), cancellation);

    // The finished stages before the fork's beginning. Their measurements count where the fork measures alike.
    private async Task<Dictionary<string, StageRecord>> TakenAsync(
        RunSpec parent, RunInput input, Recipe before, Recipe after, string stage, bool whole, CancellationToken cancellation)
    {
        var measuresAlike = MeasuresAlike(before, after);
        var taken = new Dictionary<string, StageRecord>();
        foreach (var name in before.Stages.Keys.TakeWhile(name => name != stage).Concat(whole ? [stage] : []))
        {
            var label = input.Label(name);
            if ((await RecordAsync(parent.Id, label, cancellation))?.Result is not { } result)
            {
                if (after.InputsOf(stage).Contains(name))
                    throw new InvalidRequestException("at", stage, $"{name}:0 or a stage before it: '{name}' has no result yet");
                continue; // beside the stage, not below it: it runs
            }
            var evaluation = measuresAlike ? result.Evaluation : null;
            taken[name] = new(result with
            {
                Label = name,
                ReusedFrom = (result.ReusedFrom ?? new StageOrigin(parent.Id, label, Measured: true)) is var origin && evaluation is null
                    ? origin with { Measured = false } : origin,
                Time = new(),
                Evaluation = evaluation is null ? null : evaluation with { Time = new() },
            });
        }
        return taken;
    }

    private static bool MeasuresAlike(Recipe before, Recipe after) =>
        JsonElement.DeepEquals(Json(new { Asked = before.Evaluation?.All(), before.Tasks, Rewards = before.AllRewards() }),
            Json(new { Asked = after.Evaluation?.All(), after.Tasks, Rewards = after.AllRewards() }));

    // What is taken over keeps the key under which it was made, whatever the fork's recipe says of seed and tasks.
    private async Task<Dictionary<string, StageKey>> KeysAsync(RunSpec parent, Recipe before, Recipe after,
        Dictionary<string, StageRecord> records, CancellationToken cancellation)
    {
        var keys = await planner.KeysAsync(before, parent.Threads, await planner.ForkOfAsync(parent, cancellation), cancellation);
        var alike = MeasuresAlike(before, after);
        return records.Keys.ToDictionary(name => name, name => alike ? keys[name] : keys[name] with { Evaluation = null });
    }

    // First the claim, then the look whether all that is claimed is there.
    private async Task ClaimAsync(string id, string parentId, RunFork fork, bool needsReference, CancellationToken cancellation)
    {
        var start = fork.Start;
        var paths = new List<string>();
        foreach (var record in fork.Records.Values) paths.AddRange(await claims.NeededAsync(record.Result!, cancellation));
        if (start is not null)
        {
            paths.AddRange(start.Lineage.Select(span => BlobLayout.Metrics(span.RunId, span.Label)).Prepend(start.Policy));
            if (needsReference) paths.Add(start.Reference);
            if (start.Pool is { } pool) paths.Add(pool);
        }
        var missing = await claims.ClaimAsync(id, paths, parentId, cancellation) is [var lost, ..] ? lost : null;
        if (missing is null && start is not null && await outputs.WholeAsync(start.Policy, cancellation) is null)
            missing = start.Policy;
        foreach (var record in missing is null ? fork.Records.Values : [])
        {
            if (await outputs.ContentAsync(record.Result!, verify: true, cancellation) is null)
                missing ??= $"stage '{record.Result!.Label}'";
        }
        if (missing is null) return;
        if (await runs.TryGetAsync(id, cancellation) is null)
            await claims.ReleaseAsync(id, paths.Select(BlobLayout.OwnerOf).OfType<string>().Distinct(), cancellation);
        throw new RunConflictException($"The fork needs what is missing, damaged or being removed: {missing}.");
    }

    private static string IdOf(LoadedRecipe recipe, ForkOrigin origin)
    {
        var order = string.Create(CultureInfo.InvariantCulture, $"{origin.RunId}\n{origin.Stage}\n{origin.Iteration}\n{recipe.Hash}");
        return $"{recipe.Recipe.Name}-fork-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(order)))[..8]}";
    }
}
