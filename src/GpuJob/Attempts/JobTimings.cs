using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Attempts;

/// <summary>Where an attempt's time went, as the result tells it.</summary>
internal static class JobTimings
{
    /// <summary>Sums an attempt up.</summary>
    public static JobTiming Of(JobContext context, DateTimeOffset startedAt, TimeSpan total) => new()
    {
        StartedAt = startedAt,
        Total = total.TotalSeconds,
        Generation = context.Time[TimePart.Generation],
        Reward = context.Time[TimePart.Reward],
        Update = context.Time[TimePart.Update],
        Storage = context.Time[TimePart.Storage],
    };
}
