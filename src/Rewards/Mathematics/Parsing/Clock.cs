using System.Globalization;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>Times of day: h:mm, which are no ratios.</summary>
internal static class Clock
{
    /// <summary>Whether two numbers with a colon between them are a time: an hour up to 24 and two digits of minutes up to 59.</summary>
    public static bool IsWritten(Token hour, Token minute) =>
        hour.Kind is TokenKind.Number && minute is { Kind: TokenKind.Number, Text.Length: 2 } && hour.Text.Length <= 2
        && int.TryParse(hour.Text, CultureInfo.InvariantCulture, out var hours) && hours <= 24
        && int.TryParse(minute.Text, CultureInfo.InvariantCulture, out var minutes) && minutes <= 59;
}
