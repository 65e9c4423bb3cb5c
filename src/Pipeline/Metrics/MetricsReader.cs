using System.Collections.Concurrent;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Metrics;

/// <summary>Reads stages' metrics; a blob that has not grown is not read again.</summary>
internal sealed class MetricsReader(IBlobStore blobs)
{
    private const int MostForks = 4096;

    private readonly ConcurrentDictionary<string, (long Length, DateTimeOffset At, IReadOnlyList<MetricsRow> Rows)> cache =
        new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RunFork?> forks = new(StringComparer.Ordinal);

    /// <summary>A stage's rows; of one that was taken over those of its origin, and what was measured again.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stage">The stage's label.</param>
    /// <param name="origin">Where it was taken from, if it was.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task<IReadOnlyList<MetricsRow>> ReadAsync(string runId, string stage, StageOrigin? origin, CancellationToken cancellation)
    {
        var own = await WithLineageAsync(runId, stage, cancellation);
        if (origin is null) return own;
        // Held-out figures of another measurement would stand beside those of this run's as if they compared.
        return Merge((await WithLineageAsync(origin.RunId, origin.Label, cancellation))
            .Select(row => row with
            {
                Stage = stage,
                Values = origin.Measured
                    ? row.Values : row.Values.Where(value => !value.Key.StartsWith("eval/", StringComparison.Ordinal)).ToDictionary(),
            })
            .Where(row => row.Values.Count > 0).Concat(own));
    }

    /// <summary>Forgets a run that is removed: another one may take its id.</summary>
    public void Forget(string runId) => forks.TryRemove(runId, out _);

    // A stage's rows, with those of the runs that began it where it goes on in a fork.
    private async Task<IReadOnlyList<MetricsRow>> WithLineageAsync(string runId, string stage, CancellationToken cancellation)
    {
        var own = await ReadAsync(runId, stage, cancellation);
        if (await ForkAsync(runId, cancellation) is not { Start: { } start } || start.Stage != RunInput.StageOf(stage)) return own;
        var (rows, after) = (new List<MetricsRow>(), 0);
        foreach (var span in start.Lineage)
        {
            rows.AddRange((await ReadAsync(span.RunId, span.Label, cancellation)).Where(row => row.Step > after && row.Step <= span.To)
                .Select(row => row with { Stage = stage }));
            after = span.To;
        }
        return Merge(rows.Concat(own));
    }

    // It is written before the run begins, and never again.
    private async Task<RunFork?> ForkAsync(string runId, CancellationToken cancellation)
    {
        if (forks.TryGetValue(runId, out var known)) return known;
        var fork = await blobs.TryReadJsonAsync<RunFork>(BlobLayout.Fork(runId), cancellation);
        if (forks.Count > MostForks) forks.Clear();
        return forks[runId] = fork;
    }

    /// <summary>A stage's rows by step, one a step: of the lines of a step the later value of a name wins.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stage">The stage's label.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task<IReadOnlyList<MetricsRow>> ReadAsync(string runId, string stage, CancellationToken cancellation)
    {
        var path = BlobLayout.Metrics(runId, stage);
        var entry = await EntryAsync(path, cancellation);
        if (entry is null) return [];
        if (cache.TryGetValue(path, out var known) && known.Length == entry.Length && known.At == entry.ModifiedAt) return known.Rows;

        if (await blobs.TryReadAsync(path, cancellation) is not { } data) return [];
        var rows = Merge(JsonLines.Read<MetricsRow>(data, path));
        if (cache.Count > 256) cache.Clear();
        cache[path] = (data.ToMemory().Length, entry.ModifiedAt, rows);
        return rows;
    }

    /// <summary>Makes one row a step.</summary>
    internal static IReadOnlyList<MetricsRow> Merge(IEnumerable<MetricsRow> lines)
    {
        var rows = new SortedDictionary<int, MetricsRow>();
        foreach (var line in lines)
        {
            if (!rows.TryGetValue(line.Step, out var earlier))
            {
                rows[line.Step] = line;
                continue;
            }
            var values = new Dictionary<string, double>(earlier.Values, StringComparer.Ordinal);
            foreach (var (name, value) in line.Values) values[name] = value;
            rows[line.Step] = earlier with { Values = values };
        }
        return [.. rows.Values];
    }

    private async Task<BlobEntry?> EntryAsync(string path, CancellationToken cancellation)
    {
        await foreach (var entry in blobs.ListAsync(path, cancellation))
        {
            if (entry.Path == path) return entry;
        }
        return null;
    }
}
