using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Api;

/// <summary>Looks at one run again and again: at what it is, and at the metrics of its stages.</summary>
internal sealed class RunLooks(string runId, RunService service, MetricsReader metrics)
{
    private readonly Dictionary<string, IReadOnlyList<MetricsRow>> closed = new(StringComparer.Ordinal);

    /// <summary>Looks once.</summary>
    public async Task<RunLook> LookAsync(CancellationToken cancellation)
    {
        var run = await service.GetAsync(runId, cancellation);
        var rows = new List<MetricsRow>();
        foreach (var stage in run.Stages.Where(stage => stage.Status != StageStatus.Pending))
        {
            if (!closed.TryGetValue(stage.Label, out var known))
            {
                known = await metrics.ReadAsync(run.Id, stage.Label, stage.ReusedFrom, cancellation);
                // Once a completed stage was read, nothing is added to it.
                if (stage.Status == StageStatus.Completed) closed.Add(stage.Label, known);
            }
            else if (stage.Status != StageStatus.Completed) closed.Remove(stage.Label);
            rows.AddRange(known);
        }
        return new(run, rows);
    }
}
