using System.Globalization;
using System.Text.RegularExpressions;

namespace R1Cloud.Hub.Wire;

/// <summary>When the Hub gives answers again: by its headers <c>RateLimit</c> (IETF's draft) and <c>Retry-After</c>.</summary>
internal static partial class RateLimits
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10); // windows have five

    /// <summary>The wait that an answer asks for; null where it says none.</summary>
    public static TimeSpan? Wait(HttpResponseMessage answer)
    {
        if (HubErrors.Header(answer, "RateLimit") is { } limit && Remaining().Match(limit) is { Success: true } match
            && match.Groups["r"].Value == "0" && Seconds(match.Groups["t"].Value) is { } reset) return reset;
        return HubErrors.Header(answer, "Retry-After") is { } after ? Seconds(after.Trim()) : null;
    }

    private static TimeSpan? Seconds(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        ? TimeSpan.FromTicks(Math.Min(Longest.Ticks, TimeSpan.FromSeconds(seconds).Ticks)) : null;

    [GeneratedRegex(@"\br=(?<r>\d+)\s*;\s*t=(?<t>\d+)")]
    private static partial Regex Remaining();
}
