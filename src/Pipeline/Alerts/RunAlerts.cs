using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Alerts;

/// <summary>
/// Tells the services that a run's recipe names what becomes of it: looks at it every so often, keeps a record of what was sent, and sends
/// again what was not taken. Nothing of it touches the run.
/// </summary>
internal sealed partial class RunAlerts(RunViewer viewer, IRunStore runs, RunJobsReader jobs, MetricsReader metrics, IBlobStore blobs,
    AlertSender sender, PipelineOptions options, TimeProvider clock, ILogger<RunAlerts> log)
{
    /// <summary>How often an alert is sent.</summary>
    public const int MostTries = 8;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(30);

    /// <summary>Looks once, and tells.</summary>
    /// <returns>Whether all that there was to send is sent, or given up.</returns>
    public async Task<bool> KeepAsync(RunSpec spec, CancellationToken cancellation)
    {
        var services = spec.ParseRecipe().Notify.Where(options.Services.Notify.ContainsKey).Distinct()
            .Select(name => (Name: name, Service: options.Services.Notify[name])).ToList();
        if (services.Count == 0) return true;
        var look = await LookAsync(spec, cancellation);
        var path = BlobLayout.Alerts(spec.Id);
        var book = await blobs.ChangeJsonAsync<AlertBook>(path, known => Noted(known ?? AlertBook.Empty), cancellation);
        var settled = true;
        foreach (var (key, entry) in book.Entries.Where(entry => !entry.Value.IsSettled))
        {
            if (!options.Services.Notify.TryGetValue(entry.Service, out var service)) continue; // taken out of the configuration
            settled = false;
            if (entry.NextAt > clock.GetUtcNow()) continue;
            var after = await SendAsync(entry, service, cancellation);
            book = await blobs.ChangeJsonAsync<AlertBook>(path,
                known => new(new Dictionary<string, AlertEntry>(known!.Entries) { [key] = after }), cancellation);
        }
        return settled || book.Entries.Values.All(entry => entry.IsSettled || !options.Services.Notify.ContainsKey(entry.Service));

        AlertBook Noted(AlertBook known)
        {
            var fresh = services.SelectMany(one => AlertRules.Of(look, one.Service)
                    .Select(alert => (Key: AlertBook.KeyOf(one.Name, alert.Id), Entry: new AlertEntry(one.Name, alert, 0, look.Now))))
                .Where(one => !known.Entries.ContainsKey(one.Key)).ToList();
            return fresh.Count == 0 ? known : new(known.Entries.Concat(fresh.Select(one => KeyValuePair.Create(one.Key, one.Entry)))
                .ToDictionary());
        }
    }

    private async Task<AlertEntry> SendAsync(AlertEntry entry, NotifyService service, CancellationToken cancellation)
    {
        if (await sender.TrySendAsync(service, entry.Alert, cancellation) is not { } trouble)
            return entry with { SentAt = clock.GetUtcNow() };
        var tries = entry.Tries + 1;
        LogNotTaken(entry.Alert.Id, entry.Service, tries, trouble);
        return entry with { Tries = tries, GivenUp = tries >= MostTries,
            NextAt = Instants.After(clock.GetUtcNow(), FirstWait * Math.Pow(2, tries - 1)) };
    }

    private async Task<AlertLook> LookAsync(RunSpec spec, CancellationToken cancellation)
    {
        var run = await viewer.ViewAsync(spec, cancellation);
        var rows = new List<MetricsRow>();
        // Nothing is sent of a stage that was taken over: it is another run's.
        foreach (var stage in run.Stages.Where(stage => stage.Status != StageStatus.Pending && stage.ReusedFrom is null))
            rows.AddRange(await metrics.ReadAsync(run.Id, stage.Label, cancellation));
        var failed = run.Status != RunStatus.Failed ? []
            : (await jobs.ReadAsync(run.Id, new(Limit: 50), cancellation)).Jobs.Where(job => job.Status == JobState.Failed).ToList();
        var digest = await blobs.TryReadJsonAsync<RunDigest>(BlobLayout.RunDigest(run.Id), cancellation);
        var progressed = run.Jobs.Select(job => (DateTimeOffset?)job.UpdatedAt).Append(digest?.ProgressedAt)
            .Append(run.Stages.Max(stage => stage.StartedAt)).Append(run.CreatedAt).Max()!.Value;
        var generation = await runs.TryGetGenerationAsync(run.Id, cancellation);
        if (generation?.CreatedAt > progressed) progressed = generation.CreatedAt;
        return new(run, generation?.Number ?? 0, rows, failed, progressed, clock.GetUtcNow());
    }

    [LoggerMessage(EventId = 1701, Level = LogLevel.Warning,
        Message = "Alert {Alert} was not taken by '{Service}', try {Try}: {Trouble}")]
    private partial void LogNotTaken(string alert, string service, int @try, string trouble);
}
