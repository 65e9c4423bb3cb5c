using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Jobs.Checking;

/// <summary>Checks a run's inputs before its other jobs, and reports at once everything that they would fail on.</summary>
/// <param name="fit">What stages are held to that compute as this worker does; null for nothing.</param>
internal sealed partial class CheckHandler(DeviceFit? fit = null) : IJobHandler<CheckJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(CheckJob payload, JobContext context)
    {
        var report = await new InputCheck(payload.Recipe, context.Blobs, context.Hub, context.ScratchFolder, fit)
            .RunAsync(context.Preemption);
        context.ThrowIfPreempted();
        foreach (var rows in report.Rows.Where(rows => rows.LeftOut > 0))
            LogLeftOut(context.Log, rows.Field, rows.LeftOut, rows.Measured, rows.Task);
        if (report.Problems.Count > 0)
            throw new BadInputException(
                $"{report.Problems.Count} of the run's inputs cannot be used: {string.Join("; ", report.Problems)}");
        var metrics = new Dictionary<string, double>
        {
            [MetricNames.Rows] = report.Rows.Sum(rows => rows.Measured),
            [MetricNames.RowsLeftOut] = report.Rows.Sum(rows => rows.LeftOut),
        };
        foreach (var rows in report.Rows.Where(rows => rows.LeftOut > 0))
            metrics[$"{MetricNames.RowsLeftOut}/{rows.Field}/{rows.Task}"] = rows.LeftOut;
        return new(new Dictionary<string, string>(), metrics);
    }

    [LoggerMessage(2060, LogLevel.Warning, "{Field}: {LeftOut} of {Measured} rows of {Task} are left out: the model has no room for them")]
    private static partial void LogLeftOut(ILogger log, string field, int leftOut, int measured, string task);
}
