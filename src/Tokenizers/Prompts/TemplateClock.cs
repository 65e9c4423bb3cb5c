namespace R1Cloud.Tokenizers.Prompts;

/// <summary>The clock that chat templates see: it stands at one date, so that a prompt is the same whenever it is made.</summary>
/// <param name="date">The date; its time is midnight, UTC.</param>
internal sealed class TemplateClock(DateOnly date) : TimeProvider
{
    /// <summary>The date of a job that says none, as one does that is run by hand: a run's jobs say theirs.</summary>
    public static readonly DateOnly NoDate = DateOnly.FromDateTime(DateTime.UnixEpoch);

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
