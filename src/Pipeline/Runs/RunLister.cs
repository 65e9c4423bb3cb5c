using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Which runs are asked for.</summary>
/// <param name="States">Only those that stand so; empty takes all.</param>
/// <param name="Limit">At most so many.</param>
/// <param name="After">Those after an earlier page: its <see cref="RunList.Next"/>.</param>
/// <param name="Text">Only those with this text in their name or id, case ignored; null takes all.</param>
public sealed record RunQuery(IReadOnlyCollection<RunStatus> States, int Limit = RunQuery.DefaultLimit, string? After = null,
    string? Text = null)
{
    /// <summary>Characters that <see cref="Text"/> may have.</summary>
    public const int MaxText = 200;

    /// <summary>How many runs a page has unless another number is asked for.</summary>
    public const int DefaultLimit = 100;

    /// <summary>How many it may have.</summary>
    public const int MaxLimit = 1000;

    /// <summary>The newest runs.</summary>
    public static RunQuery Newest { get; } = new([]);

    /// <summary>Whether a run's name or id is asked for.</summary>
    public bool Names(RunEntry run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Text is null || run.Name.Contains(Text, StringComparison.OrdinalIgnoreCase)
            || run.Id.Contains(Text, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>Pages of runs, the newest first. What a page costs does not depend on how many runs there are.</summary>
/// <param name="runs">Where runs are kept.</param>
/// <param name="index">Which there are.</param>
/// <param name="client">The orchestration engine.</param>
/// <param name="digests">How far they are.</param>
public sealed class RunLister(IRunStore runs, RunIndex index, IOrchestrationClient client, RunDigests digests)
{
    // Runs that are looked at for one page at most; when they do not fill it, the reader goes on from there.
    private const int MostLookedAt = 1000;

    // Names that are passed over for one page at most.
    private const int MostPassedOver = 20_000;

    private const int LongestError = 500;

    private static readonly RunStatus[] Unfinished = [RunStatus.Queued, RunStatus.Running, RunStatus.Paused];

    /// <summary>A page.</summary>
    public Task<RunList> ListAsync(RunQuery query, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query.States.Count > 0 && query.States.All(Unfinished.Contains)
            ? UnfinishedAsync(query, cancellation) : ScanAsync(query, cancellation);
    }

    /// <summary>The ids of all runs that are not finished or leave something to be put in order.</summary>
    public async Task<IReadOnlyCollection<string>> ActiveAsync(CancellationToken cancellation)
    {
        var active = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var id in index.ListMarkedAsync(cancellation)) active.Add(id);
        await foreach (var state in client.ListAsync(unfinishedOnly: true, cancellation: cancellation))
        {
            // Stages and iterations have a colon in their ids.
            if (RunIds.IsValid(state.InstanceId)) active.Add(state.InstanceId);
        }
        return active;
    }

    private async Task<RunList> UnfinishedAsync(RunQuery query, CancellationToken cancellation)
    {
        var found = new List<(string Key, RunSummary Run)>();
        foreach (var id in await ActiveAsync(cancellation))
        {
            if (await runs.TryGetAsync(id, cancellation) is not { } run) continue;
            var entry = new RunEntry(run.Id, run.Name, run.CreatedAt, RunIndex.KeyOf(run));
            if (!query.Names(entry) || string.CompareOrdinal(entry.Key, query.After) <= 0) continue;
            var summary = await SummarizeAsync(entry, cancellation);
            if (query.States.Contains(summary.Status)) found.Add((entry.Key, summary));
        }
        var page = found.OrderBy(one => one.Key, StringComparer.Ordinal).Take(query.Limit).ToList();
        var next = page.Count < found.Count ? page[^1].Key : null;
        return new(await WithFiguresAsync(page.Select(one => one.Run), cancellation), next);
    }

    private async Task<RunList> ScanAsync(RunQuery query, CancellationToken cancellation)
    {
        var (page, waiting) = (new List<RunSummary>(), new List<RunEntry>());
        var (lookedAt, passedOver, last, full) = (0, 0, "", false);
        await foreach (var entry in index.ListAsync(query.After, query.Limit + 1, cancellation))
        {
            if (full || page.Count == query.Limit || lookedAt >= MostLookedAt) return await PageAsync(last);
            if (!query.Names(entry))
            {
                if (++passedOver < MostPassedOver) continue;
                await LookAsync();
                return await PageAsync(full ? last : entry.Key);
            }
            waiting.Add(entry);
            if (waiting.Count == query.Limit) await LookAsync();
        }
        await LookAsync();
        return await PageAsync(full ? last : null);

        async Task<RunList> PageAsync(string? next) => new(await WithFiguresAsync(page, cancellation), next);

        async Task LookAsync()
        {
            var summaries = await Task.WhenAll(waiting.Select(entry => SummarizeAsync(entry, cancellation)));
            foreach (var (entry, summary) in waiting.Zip(summaries))
            {
                if (full = page.Count == query.Limit) break;
                (lookedAt, last) = (lookedAt + 1, entry.Key);
                if (query.States.Count == 0 || query.States.Contains(summary.Status)) page.Add(summary);
            }
            waiting.Clear();
        }
    }

    private async Task<RunSummary> SummarizeAsync(RunEntry run, CancellationToken cancellation)
    {
        var state = await client.GetAsync(run.Id, cancellation);
        var (status, stages) = (RunViewer.Status(state), StageTree.Marks(state));
        var summary = new RunSummary(run.Id, run.Name, status, run.CreatedAt, StageTree.Last(state));
        return stages.Count == 0 ? summary : summary with
        {
            Stages = stages.Count, StagesDone = stages.Count(stage => stage.Status == StageStatus.Completed),
            StartedAt = stages.Min(stage => stage.StartedAt), EndedAt = state is { IsFinished: true } ? state.UpdatedAt : null,
            Error = status == RunStatus.Failed && state?.Failure?.Root.ErrorMessage is { } error
                ? StatusText.Shortened(error, LongestError) : null,
        };
    }

    private async Task<IReadOnlyList<RunSummary>> WithFiguresAsync(IEnumerable<RunSummary> page, CancellationToken cancellation) =>
        await Task.WhenAll(page.Select(run => digests.WithFiguresAsync(run, cancellation)));
}
