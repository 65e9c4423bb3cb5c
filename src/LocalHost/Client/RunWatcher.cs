using System.Runtime.CompilerServices;
using System.Text.Json;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.LocalHost.Client;

/// <summary>Something that a watched run said.</summary>
/// <param name="Name">One of <see cref="RunEventNames"/>.</param>
/// <param name="Data">A <see cref="RunView"/>, <see cref="StageView"/>, <see cref="MetricsRow"/>, <see cref="RunLog"/> or
/// <see cref="RunEnd"/>, by the name.</param>
internal sealed record WatchedEvent(string Name, object Data);

/// <summary>Follows a run over its event stream; one that broke off, or that the host ended, is taken up again where it was.</summary>
internal static class RunWatcher
{
    private static readonly Dictionary<string, Type> DataTypes = new()
    {
        [RunEventNames.Snapshot] = typeof(RunView),
        [RunEventNames.Stage] = typeof(StageView),
        [RunEventNames.Metrics] = typeof(MetricsRow),
        [RunEventNames.Log] = typeof(RunLog),
        [RunEventNames.End] = typeof(RunEnd),
    };

    /// <summary>
    /// The run's events from now on, preceded by the metrics so far; the last one is <see cref="RunEventNames.End"/>. A step comes once.
    /// </summary>
    /// <exception cref="EnvironmentException">The host does not answer any more.</exception>
    public static async IAsyncEnumerable<WatchedEvent> FollowAsync(RunClient client, string runId, [EnumeratorCancellation]
        CancellationToken cancellation)
    {
        var told = new HashSet<(string Stage, int Step, int Values)>();
        string? last = null;
        while (true)
        {
            yield return new WatchedEvent(RunEventNames.Snapshot, await client.GetAsync(runId, cancellation));
            if (last is null)
            {
                foreach (var row in (await client.MetricsAsync(runId, null, null, cancellation)).Rows)
                {
                    if (told.Add(Key(row))) yield return new WatchedEvent(RunEventNames.Metrics, row);
                }
            }

            await using var events = client.EventsAsync(runId, last, cancellation).GetAsyncEnumerator(cancellation);
            while (await MoveNextAsync(events))
            {
                var item = events.Current;
                last = item.EventId ?? last;
                if (!DataTypes.TryGetValue(item.EventType, out var type)) continue;
                var data = JsonSerializer.Deserialize(item.Data, type, R1Json.Options)!;
                if (data is MetricsRow row && !told.Add(Key(row))) continue;
                yield return new WatchedEvent(item.EventType, data);
                if (item.EventType == RunEventNames.End) yield break;
            }
            await Task.Delay(TimeSpan.FromSeconds(0.5), cancellation);
        }
    }

    private static (string, int, int) Key(MetricsRow row) => (row.Stage, row.Step, row.Values.Count);

    private static async Task<bool> MoveNextAsync<T>(IAsyncEnumerator<T> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return false; // The stream broke off: whether the host is gone will show when asking it again.
        }
    }
}
