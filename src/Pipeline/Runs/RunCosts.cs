namespace R1Cloud.Pipeline.Runs;

/// <summary>What runs cost.</summary>
internal static class RunCosts
{
    /// <summary>Workers × time × price.</summary>
    public static RunCost Of(PipelineOptions options, int workers, TimeSpan time)
    {
        var seconds = workers * Math.Max(0, time.TotalSeconds);
        return new(
            seconds,
            options.PricePerWorkerHour,
            seconds / 3600 * options.PricePerWorkerHour,
            options.Currency,
            options.PricePerWorkerHour > 0 ? "Worker time only; storage and orchestration are not included." : "No price is configured: workers on this machine cost nothing.");
    }
}
