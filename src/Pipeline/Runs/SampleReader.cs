using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A run's sample rows: of rollouts as their shards commit them, and of evaluations.</summary>
internal sealed class SampleReader(RunService service, IBlobStore blobs, SampleSetFinder finder)
{
    /// <summary>Where there are rows.</summary>
    public async Task<SampleSets> SetsAsync(string id, string? stage, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var sets = new List<SampleSetView>();
        foreach (var view in RunData.Stages(run, stage).Where(view => view.Status != StageStatus.Pending))
        {
            var (from, to) = await finder.WindowAsync(run.Id, view, cancellation);
            foreach (var set in await finder.RolloutsAsync(run.Id, view, from, to, cancellation))
            {
                if (set.Committed > 0)
                    sets.Add(new(view.Label, JobKinds.Rollout, set.Iteration + 1, set.Shards.Count, set.Committed, set.Updated));
            }
            foreach (var (benchmark, step, _) in await finder.EvaluationsAsync(run.Id, view, cancellation))
                sets.Add(new(view.Label, JobKinds.Evaluate, step, Benchmark: benchmark));
        }
        return new(id, sets);
    }

    /// <summary>A page of rows.</summary>
    /// <exception cref="InvalidRequestException">There is no such stage.</exception>
    /// <exception cref="RunNotFoundException">There are no such rows, or not any more.</exception>
    public async Task<SampleRows> RowsAsync(string id, SampleQuery query, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var view = RunData.Stages(run, query.Stage).Last();
        var stage = (await service.SpecAsync(id, cancellation)).ParseRecipe().Stages.GetValueOrDefault(view.Name);
        var (iteration, benchmark, files) = query.Source == JobKinds.Rollout
            ? await RolloutAsync(run.Id, view, query, cancellation) : await EvaluationAsync(run.Id, view, query, cancellation);

        var group = query.Source == JobKinds.Rollout && stage is RlStage { GroupSize: var size } ? size : 1;
        var (total, matching) = (0, new List<SampleRowView>());
        foreach (var file in files)
        {
            if (await blobs.TryReadAsync(file, cancellation) is not { } data)
                throw new RunNotFoundException($"The rows of stage '{view.Label}', iteration {iteration} are there no more: '{file}'.");
            foreach (var row in JsonLines.Read<StoredSample>(data, file))
            {
                var shown = row.View(total++, group, (source, name) => WeightOf(stage, source, name));
                if (query.Wants(shown)) matching.Add(query.Cut(shown));
            }
        }
        var page = Page(query.Sorted(matching).Skip(query.After).Take(query.Limit));
        var next = query.After + page.Count;
        return new(id, view.Label, query.Source, iteration, total, matching.Count, page,
            next < matching.Count && page.Count > 0 ? FormattableString.Invariant($"{next}") : null, benchmark);
    }

    // Long texts make a page of fewer rows.
    private static List<SampleRowView> Page(IEnumerable<SampleRowView> rows)
    {
        var (page, chars) = (new List<SampleRowView>(), 0L);
        foreach (var row in rows)
        {
            chars += row.Prompt.Length + row.Completion.Length;
            if (page.Count > 0 && chars > SampleQuery.MaxPageChars) break;
            page.Add(row);
        }
        return page;
    }

    private async Task<(int Iteration, string? Benchmark, IReadOnlyList<string> Files)> RolloutAsync(string id, StageView view,
        SampleQuery query, CancellationToken cancellation)
    {
        var (from, to) = query.Iteration is { } wanted ? (wanted - 1, wanted - 1) : await finder.WindowAsync(id, view, cancellation);
        var set = (await finder.RolloutsAsync(id, view, from, to, cancellation)).LastOrDefault(one => one.Committed > 0)
            ?? throw new RunNotFoundException($"Stage '{view.Label}' of run '{id}' has no rows of "
                + (query.Iteration is { } iteration ? $"iteration {iteration} (yet)." : "rollouts (yet)."));
        return (set.Iteration + 1, null, set.Files);
    }

    private async Task<(int Iteration, string? Benchmark, IReadOnlyList<string> Files)> EvaluationAsync(string id, StageView view,
        SampleQuery query, CancellationToken cancellation)
    {
        var found = (await finder.EvaluationsAsync(id, view, cancellation)).FirstOrDefault(one =>
            (query.Benchmark is null || one.Benchmark == query.Benchmark) && (query.Iteration is null || one.Step == query.Iteration));
        return found.File is { } file
            ? (found.Step, found.Benchmark, [file])
            : throw new RunNotFoundException($"Stage '{view.Label}' of run '{id}' has no such rows of evaluations (yet).");
    }

    private static double? WeightOf(StageRecipe? stage, string? source, string name) => stage is RlStage rl
        ? rl.PromptSources().Where(one => one.Name == (source ?? "")).Select(one => one.Source.Rewards.GetValueOrDefault(name)?.Weight)
            .FirstOrDefault()
        : null;
}
