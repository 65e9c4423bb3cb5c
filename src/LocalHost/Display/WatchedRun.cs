using R1Cloud.LocalHost.Client;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.LocalHost.Display;

/// <summary>What is known of a watched run, built up from its events.</summary>
internal sealed class WatchedRun(Uri address, DateTimeOffset watchedSince)
{
    private const int KeptRemarks = 3;
    private readonly Dictionary<string, SortedDictionary<int, double>> accuracy = [];
    private readonly Dictionary<string, Dictionary<string, double>> figures = [];
    private readonly Queue<string> remarks = new();

    /// <summary>Where the run's host is.</summary>
    public Uri Address { get; } = address;

    /// <summary>When watching began.</summary>
    public DateTimeOffset WatchedSince { get; } = watchedSince;

    /// <summary>The run; null before the first snapshot.</summary>
    public RunView? View { get; private set; }

    /// <summary>How it ended; null while it has not.</summary>
    public RunEnd? End { get; private set; }

    /// <summary>The last warnings and errors.</summary>
    public IReadOnlyCollection<string> Remarks => remarks;

    /// <summary>The stage that runs now, or the last one that did.</summary>
    public StageView? Current => View?.Stages.LastOrDefault(stage => stage.Status != StageStatus.Pending);

    /// <summary>Takes an event in.</summary>
    public void Apply(WatchedEvent change)
    {
        switch (change.Data)
        {
            case RunView view: View = view; break;
            case StageView stage
                when View is not null: View = View with { Stages = [.. View.Stages.Select(old => old.Label == stage.Label ? stage : old)] };
                break;
            case MetricsRow row: Apply(row); break;
            case RunLog { Level: not "information" } line: Remark(line.Message); break;
            case RunEnd end: End = end; break;
        }
    }

    /// <summary>The latest figures of a stage: of its last step, overlaid by what its running job says.</summary>
    public IReadOnlyDictionary<string, double> Figures(StageView stage)
    {
        var latest = new Dictionary<string, double>(stage.Metrics);
        foreach (var (name, value) in figures.GetValueOrDefault(stage.Label, [])) latest[name] = value;
        foreach (var (name, value) in JobOf(stage)?.Metrics ?? new Dictionary<string, double>()) latest[name] = value;
        return latest;
    }

    /// <summary>How far a stage is; a stage of one long job is as far as that job.</summary>
    public (int Done, int Total) Steps(StageView stage)
    {
        var job = stage.Kind == "rl" ? null : JobOf(stage);
        return stage.Status == StageStatus.Running && job is { Steps: > 0 } && job.Step > stage.Done
            ? (job.Step, job.Steps) : (stage.Done, stage.Total);
    }

    /// <summary>The accuracy curve of the latest stage that has one.</summary>
    public IReadOnlyList<double> AccuracyCurve() =>
        View?.Stages.LastOrDefault(stage => accuracy.ContainsKey(stage.Label)) is { } stage ? [.. accuracy[stage.Label].Values] : [];

    private JobView? JobOf(StageView stage) =>
        stage.Status == StageStatus.Running
            ? View?.Jobs.FirstOrDefault(job => job.JobId.StartsWith(stage.Label + "/", StringComparison.Ordinal)) : null;

    private void Apply(MetricsRow row)
    {
        if (!figures.TryGetValue(row.Stage, out var latest)) figures.Add(row.Stage, latest = []);
        foreach (var (name, value) in row.Values) latest[name] = value;
        if (!row.Values.TryGetValue(MetricNames.Accuracy, out var share)) return;
        if (!accuracy.TryGetValue(row.Stage, out var curve)) accuracy.Add(row.Stage, curve = []);
        curve[row.Step] = share;
    }

    private void Remark(string message)
    {
        if (remarks.Count == KeptRemarks) remarks.Dequeue();
        remarks.Enqueue(message);
    }
}
