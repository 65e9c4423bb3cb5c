using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Api;

/// <summary>One server-sent event; its name is of <see cref="RunEventNames"/>, its data JSON on one line.</summary>
internal sealed record RunEvent(string Id, string Name, string Data);

/// <summary>A run's news as a stream of events.</summary>
/// <remarks>
/// An event's id says, for each stage, up to which step metrics were sent: <c>base=300,r1-zero=12</c>. A stream that begins with such an id
/// sends no earlier step again; the last one is sent again, since figures may have been added to it.
/// </remarks>
internal sealed class RunEvents(RunService service, MetricsReader metrics, PipelineOptions options, TimeProvider clock)
{
    private readonly RunWatches watches = new(id => new RunLooks(id, service, metrics).LookAsync, options, clock);

    /// <summary>Begins to read a run's events; the caller closes it.</summary>
    /// <exception cref="TooManyException">There are as many streams as may be.</exception>
    public RunReader Open(string runId) => watches.Open(runId);

    /// <summary>The stream; null stands for a sign of life. It ends when the run has ended, or after the longest time allowed.</summary>
    /// <param name="reader">Where the looks at the run come from.</param>
    /// <param name="lastEventId">The id of the last event of an earlier stream.</param>
    /// <param name="changes">Whether only what changed is sent, in place of the whole run again.</param>
    /// <param name="cancellation">Stops.</param>
    public async IAsyncEnumerable<RunEvent?> StreamAsync(RunReader reader, string? lastEventId, bool changes, [EnumeratorCancellation]
        CancellationToken cancellation)
    {
        var sent = new Sent(StepCursor.Parse(lastEventId));
        RunView? before = null;
        var snapshot = "";
        var begun = clock.GetTimestamp();
        var quiet = begun;
        while (true)
        {
            var (run, rows) = await reader.NextAsync(cancellation);
            var news = new List<RunEvent>();
            if (changes && before is not null)
            {
                foreach (var (name, data) in RunChange.Between(before, run)) Add(name, data);
            }
            else
            {
                var text = Serialize(run with { EtaSeconds = null, Cost = run.Cost with { WorkerSeconds = 0, Amount = 0 } });
                if (text != snapshot)
                {
                    snapshot = text;
                    Add(RunEventNames.Snapshot, run);
                }
                foreach (var stage in Changed(before, run)) Add(RunEventNames.Stage, stage);
            }
            foreach (var row in Unknown(rows, sent))
            {
                sent.Steps[row.Stage] = row.Step;
                Add(RunEventNames.Metrics, row);
            }
            foreach (var log in Logs(before, run)) Add(RunEventNames.Log, log);
            if (run.Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled)
                Add(RunEventNames.End, new RunEnd(run.Status, run.Error));
            before = run;

            foreach (var item in news)
            {
                yield return item;
                if (item.Name == RunEventNames.End) yield break;
            }
            if (news.Count > 0)
            {
                quiet = clock.GetTimestamp();
            }
            else if (clock.GetElapsedTime(quiet) >= options.EventHeartbeat)
            {
                quiet = clock.GetTimestamp();
                yield return null;
            }
            if (options.EventStreamLimit is { } limit && clock.GetElapsedTime(begun) >= limit) yield break;

            void Add(string name, object data) => news.Add(new(StepCursor.Format(sent.Steps), name, Serialize(data)));
        }
    }

    // What a stream has sent: up to which step, and how many figures of each.
    private sealed record Sent(Dictionary<string, int> Steps)
    {
        public Dictionary<(string Stage, int Step), int> Figures { get; } = [];
    }

    // Rows that the reader of the stream does not know, or to which figures were added.
    private static List<MetricsRow> Unknown(IReadOnlyList<MetricsRow> rows, Sent sent)
    {
        var unknown = new List<MetricsRow>();
        foreach (var row in rows)
        {
            if (sent.Steps.TryGetValue(row.Stage, out var last) && row.Step < last) continue;
            if (sent.Figures.TryGetValue((row.Stage, row.Step), out var known) && known == row.Values.Count) continue;
            sent.Figures[(row.Stage, row.Step)] = row.Values.Count;
            unknown.Add(row);
        }
        return unknown;
    }

    private static IEnumerable<StageView> Changed(RunView? before, RunView run) =>
        before is null ? [] : run.Stages.Where(stage => Find(before, stage)?.Status != stage.Status);

    private IEnumerable<RunLog> Logs(RunView? before, RunView run)
    {
        if (before is null) yield break;
        var now = clock.GetUtcNow();
        foreach (var stage in Changed(before, run))
        {
            yield return stage.Status == StageStatus.Failed
                ? new(now, "error", $"Stage '{stage.Label}' failed: {stage.Error}")
                : new(now, "information", $"Stage '{stage.Label}' is {stage.Status.ToString().ToLowerInvariant()}.");
        }
        if (run.Status != before.Status) yield return new(now, "information", $"The run is {run.Status.ToString().ToLowerInvariant()}.");
        if (run.Waiting is { } away && before.Waiting is null) yield return new(now, "warning", $"The run waits: {away}");
        if (run.Waiting is null && before.Waiting is not null && run.Status == RunStatus.Running)
            yield return new(now, "information", "The run waits no longer.");
        foreach (var job in run.Jobs)
        {
            var former = before.Jobs.FirstOrDefault(other => other.JobId == job.JobId);
            if (job.Waiting is { } waiting && former?.Waiting is null)
                yield return new(now, "warning", $"Job '{job.JobId}' waits: {waiting}");
            if (job.Waiting is null && job.StorageWait > (former?.Waiting is null ? former?.StorageWait ?? 0 : 0))
                yield return new(now, "warning",
                    string.Create(CultureInfo.InvariantCulture,
                        $"Job '{job.JobId}' had to wait {job.StorageWait} s for storage and goes on."));
        }
        if (run.Workers.Restarts > before.Workers.Restarts) yield return new(now, "warning", "A worker was started again.");
        if (run.Workers.LastError is { } error && error != before.Workers.LastError)
            yield return new(now, "warning", $"A worker had trouble: {error}");
    }

    private static StageView? Find(RunView run, StageView stage) => run.Stages.FirstOrDefault(other => other.Label == stage.Label);

    private static string Serialize(object value) => JsonSerializer.Serialize(value, value.GetType(), R1Json.Options);
}
