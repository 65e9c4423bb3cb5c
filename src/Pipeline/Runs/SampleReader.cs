using System.Runtime.CompilerServices;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A run's sample rows: of rollouts as their shards commit them, and of evaluations.</summary>
internal sealed class SampleReader(RunService service, IBlobStore blobs, SampleSetFinder finder, ITraceReader traces)
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
                if (set.HasRows)
                    sets.Add(new(view.Label, JobKinds.Rollout, set.Iteration + 1, set.Shards.Count,
                        set.IsTraced ? set.Shards.Count : set.Committed, set.Updated));
            }
            foreach (var (benchmark, step, _) in await finder.EvaluationsAsync(run.Id, view, cancellation))
                sets.Add(new(view.Label, JobKinds.Evaluate, step, Benchmark: benchmark));
        }
        return new(id, sets);
    }

    /// <summary>A page of rows.</summary>
    /// <exception cref="InvalidRequestException">There is no such stage.</exception>
    /// <exception cref="RunNotFoundException">There are no such rows, or they are gone.</exception>
    public async Task<SampleRows> RowsAsync(string id, SampleQuery query, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var view = RunData.Stages(run, query.Stage).Last();
        var stage = (await service.SpecAsync(id, cancellation)).ParseRecipe().Stages.GetValueOrDefault(view.Name);
        var found = query.Source == JobKinds.Rollout
            ? await RolloutAsync(run.Id, view, query, cancellation) : await EvaluationAsync(run.Id, view, query, cancellation);
        var (total, matching) = (0, new List<SampleRowView>());
        await foreach (var row in RowsAsync(found, view, stage, query, cancellation))
        {
            total++;
            if (query.Wants(row)) matching.Add(query.Cut(row));
        }
        var page = Page(query.Sorted(matching).Skip(query.After).Take(query.Limit));
        var next = query.After + page.Count;
        return new(id, view.Label, query.Source, found.Iteration, total, matching.Count, page,
            next < matching.Count && page.Count > 0 ? FormattableString.Invariant($"{next}") : null, found.Benchmark);
    }

    private async IAsyncEnumerable<SampleRowView> RowsAsync(FoundRows found, StageView view, StageRecipe? stage, SampleQuery query,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var group = query.Source == JobKinds.Rollout && stage is RlStage { GroupSize: var size } ? size : 1;
        var place = 0;
        foreach (var file in found.Files)
        {
            if (await blobs.TryReadAsync(file, cancellation) is not { } data)
            {
                throw new RunNotFoundException(
                    $"The rows of stage '{view.Label}', iteration {found.Iteration} are gone: '{file}'.");
            }
            if (found.IsTrace)
            {
                foreach (var row in await traces.ReadAsync(data, cancellation)) yield return TracedSamples.View(row);
                continue;
            }
            foreach (var row in JsonLines.Read<StoredSample>(data, file))
                yield return Learned(row.View(place++, group, (source, name) => WeightOf(stage, source, name)), found.Advantages);
        }
    }

    private static SampleRowView Learned(SampleRowView row, IReadOnlyDictionary<(int, int), double>? advantages)
    {
        if (advantages is null) return row;
        var used = advantages.TryGetValue((row.Question, row.Sample), out var advantage);
        return row with { Used = used, Advantage = used ? advantage : null };
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

    private async Task<FoundRows> RolloutAsync(string id, StageView view, SampleQuery query, CancellationToken cancellation)
    {
        var (from, to) = query.Iteration is { } wanted ? (wanted - 1, wanted - 1) : await finder.WindowAsync(id, view, cancellation);
        var set = (await finder.RolloutsAsync(id, view, from, to, cancellation)).LastOrDefault(one => one.HasRows)
            ?? throw new RunNotFoundException($"Stage '{view.Label}' of run '{id}' has no rows of "
                + (query.Iteration is { } iteration ? $"iteration {iteration} (yet)." : "rollouts (yet)."));
        return set.IsTraced
            ? new(set.Iteration + 1, [set.Trace!], IsTrace: true)
            : new(set.Iteration + 1, set.Files, null, await finder.AdvantagesAsync(set, cancellation));
    }

    private async Task<FoundRows> EvaluationAsync(string id, StageView view, SampleQuery query, CancellationToken cancellation)
    {
        var found = (await finder.EvaluationsAsync(id, view, cancellation)).FirstOrDefault(one =>
            (query.Benchmark is null || one.Benchmark == query.Benchmark) && (query.Iteration is null || one.Step == query.Iteration));
        return found.File is { } file
            ? new(found.Step, [file], found.Benchmark)
            : throw new RunNotFoundException($"Stage '{view.Label}' of run '{id}' has no such rows of evaluations (yet).");
    }

    private static double? WeightOf(StageRecipe? stage, string? source, string name) =>
        (stage as RlStage)?.WeightOf(source ?? "", name);

    private sealed record FoundRows(int Iteration, IReadOnlyList<string> Files, string? Benchmark = null,
        IReadOnlyDictionary<(int Question, int Sample), double>? Advantages = null, bool IsTrace = false);
}
