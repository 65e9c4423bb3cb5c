using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>A time of day.</summary>
/// <param name="Hour">The hour as written.</param>
/// <param name="Minute">The minute.</param>
/// <param name="IsAfternoon">What am or pm says; null without it.</param>
internal readonly record struct ClockTime(int Hour, int Minute, bool? IsAfternoon)
{
    /// <summary>Reads <c>2:30</c>, <c>2:30 pm</c>, <c>3 pm</c>, <c>noon</c>; null for anything else.</summary>
    public static ClockTime? TryRead(Node node) => node switch
    {
        Sequence { IsClock: true, Items: [Number hour, Number minute] } =>
            new((int)hour.Value.Numerator, (int)minute.Value.Numerator, null),
        Measured { Value: var value, Unit: var unit } when Half(unit) is { } half => TryRead(value) is { IsAfternoon: null } time
            ? time with { IsAfternoon = half }
            : value is Number { Value: { IsInteger: true } hours } && hours.Sign >= 0
                && hours.CompareTo(24) <= 0 ? new((int)hours.Numerator, 0, half) : null,
        Words { Text: "noon" or "Noon" } => new(12, 0, true),
        Words { Text: "midnight" or "Midnight" } => new(12, 0, false),
        _ => null,
    };

    /// <summary>Whether both are the same time; one without am or pm does not contradict one with it.</summary>
    public bool IsSame(ClockTime other)
    {
        if (Minute != other.Minute) return false;
        if (IsAfternoon is null == other.IsAfternoon is null) return IsAfternoon is null ? Hour == other.Hour : Of24 == other.Of24;
        var (bare, full) = IsAfternoon is null ? (this, other) : (other, this);
        return bare.Hour is 0 or > 12 ? bare.Hour % 24 == full.Of24 : bare.Hour % 12 == full.Hour % 12;
    }

    private int Of24 => IsAfternoon is { } afternoon && Hour <= 12 ? (Hour % 12) + (afternoon ? 12 : 0) : Hour % 24;

    private static bool? Half(string unit) => (unit.StartsWith("in ", StringComparison.Ordinal) ? unit
        : unit.Split(' ')[0]).ToLowerInvariant() switch
    {
        "am" or "a.m" or "in the morning" => false,
        "pm" or "p.m" or "noon" or "in the afternoon" or "in the evening" => true,
        _ => null,
    };
}
