using System.Text;
using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.Pipeline.Metrics;

/// <summary>The figures of one step of a stage.</summary>
internal sealed record StepMetrics(string RunId, string Stage, int Step, IReadOnlyDictionary<string, double> Values);

/// <summary>Where a job wrote figures a step (JSON lines of step and values).</summary>
internal sealed record JobSteps(string RunId, string Stage, string Path);

/// <summary>Records figures as JSON lines and as TensorBoard events, both at least once.</summary>
internal sealed class MetricsActivities(IBlobStore blobs, RunDigests digests, TimeProvider clock)
{
    public const string Record = "record-metrics";
    public const string RecordJobSteps = "record-job-steps";

    /// <summary>Appends one step.</summary>
    public async Task RecordAsync(StepMetrics step, CancellationToken cancellation)
    {
        await AppendAsync(step.RunId, step.Stage, [new(step.Stage, step.Step, clock.GetUtcNow(), step.Values)], cancellation);
        await digests.ProgressAsync(step.RunId, step.Stage, step.Step, step.Values, cancellation);
    }

    /// <summary>Appends all the steps that a job wrote down.</summary>
    public async Task RecordJobStepsAsync(JobSteps steps, CancellationToken cancellation)
    {
        var data = await blobs.TryReadAsync(steps.Path, cancellation) ?? throw new StorageException($"There is no blob '{steps.Path}'.");
        var now = clock.GetUtcNow();
        var rows = JsonLines.Read<StepLine>(data, steps.Path)
            .Select(line => new MetricsRow(steps.Stage, line.Step, line.WallTime ?? now, line.Values))
            .ToList();
        if (rows.Count > 0) await AppendAsync(steps.RunId, steps.Stage, rows, cancellation);
    }

    private async Task AppendAsync(string runId, string stage, List<MetricsRow> rows, CancellationToken cancellation)
    {
        foreach (var (name, value) in rows[^1].Values) RunMeters.Value(runId, stage, name, value);
        var lines = new StringBuilder();
        foreach (var row in rows) lines.Append(JsonSerializer.Serialize(row, R1Json.Options)).Append('\n');
        await blobs.AppendAsync(BlobLayout.Metrics(runId, stage), new BinaryData(lines.ToString()), cancellation);

        var file = BlobLayout.TensorBoard(runId, stage);
        var isNew = !await blobs.ExistsAsync(file, cancellation);
        await blobs.AppendAsync(file, Events(rows, isNew), cancellation);
    }

    private static BinaryData Events(List<MetricsRow> rows, bool isNew)
    {
        var events = new MemoryStream();
        if (isNew) events.Write(TensorBoardEvents.FileVersion(rows[0].WallTime));
        foreach (var row in rows) events.Write(TensorBoardEvents.Scalars(row));
        return new BinaryData(events.ToArray());
    }

    private sealed record StepLine(int Step, IReadOnlyDictionary<string, double> Values, DateTimeOffset? WallTime = null);
}
