namespace R1Cloud.Shared;

#pragma warning disable RS0030 // the one place where instants are reckoned with

/// <summary>
/// Reckons with instants that are recorded: by another machine, by an orchestration's history, in a blob. What this process measures
/// itself it measures by <see cref="TimeProvider.GetTimestamp"/>, which nobody sets.
/// </summary>
public static class Instants
{
    /// <summary>From one recorded instant to another; below zero when a clock was set back in between.</summary>
    public static TimeSpan Between(DateTimeOffset from, DateTimeOffset to) => to - from;

    /// <inheritdoc cref="Between(DateTimeOffset, DateTimeOffset)"/>
    public static TimeSpan Between(DateTime from, DateTime to) => to - from;

    /// <summary>The instant some time after a recorded one: a due date that must outlive this process.</summary>
    public static DateTimeOffset After(DateTimeOffset instant, TimeSpan time) => instant + time;

    /// <inheritdoc cref="After(DateTimeOffset, TimeSpan)"/>
    public static DateTime After(DateTime instant, TimeSpan time) => instant + time;
}
