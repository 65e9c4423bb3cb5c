using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Pipeline.Model;

/// <summary>What runs cost.</summary>
internal static class RunCosts
{
    /// <summary>By the books of the worker pool.</summary>
    public static RunCost Of(PipelineOptions options, WorkerUsage usage)
    {
        var seconds = usage.SpotSeconds + usage.DedicatedSeconds;
        if (usage.OwnMachine)
        {
            return new(seconds, options.PricePerWorkerHour, usage.Amount, options.Currency, options.PricePerWorkerHour > 0
                ? "Workers' time, idle or not; storage and orchestration are not included."
                : "No price is configured: workers on this machine cost nothing.");
        }
        return new(
            seconds,
            seconds > 0 ? usage.Amount / seconds * 3600 : 0,
            usage.Amount,
            options.Currency,
            FormattableString.Invariant(
                $"{usage.SpotSeconds / 3600:0.00} spot and {usage.DedicatedSeconds / 3600:0.00} dedicated node-hours of workers, idle or not; nodes without a worker, storage and orchestration are not included."));
    }

    /// <summary>Workers × time × price.</summary>
    public static RunCost Of(PipelineOptions options, int workers, TimeSpan time)
    {
        var seconds = workers * Math.Max(0, time.TotalSeconds);
        return new(
            seconds,
            options.PricePerWorkerHour,
            seconds / 3600 * options.PricePerWorkerHour,
            options.Currency,
            options.PricePerWorkerHour > 0
                ? "Worker time only; storage and orchestration are not included."
                : "No price is configured: workers on this machine cost nothing.");
    }
}
