using System.Globalization;

namespace R1Cloud.Pipeline.Report;

/// <summary>How a report writes its figures.</summary>
internal static class FigureText
{
    // Families of rewards whose scores are shares or probabilities; others, a reward model's score for one, have a scale of their own.
    private static readonly HashSet<string> Shares = new(StringComparer.Ordinal) { "accuracy", "format", "language", "safety",
        "instructions" };

    /// <summary>Whether a family of rewards is written in per cent.</summary>
    public static bool IsShare(string family) => Shares.Contains(family);

    /// <summary>67.6 %.</summary>
    public static string Share(double value) => Number(value * 100, "0.0") + " %";

    /// <summary>67.6 % ± 4.6, or without the interval where there is none.</summary>
    public static string Share(double value, double? half) =>
        half is { } width ? $"{Share(value)} ± {Number(width * 100, "0.0")}" : Share(value);

    /// <summary>A mean of a family of rewards: 67.6 % or 0.91.</summary>
    public static string Mean(string family, double value) => IsShare(family) ? Share(value) : Number(value, "0.00");

    /// <summary>A change of such a mean with its interval: +3.7 ± 4.0, in points of a hundred for shares.</summary>
    public static string Change(string family, double change, double? half)
    {
        var (scale, format) = IsShare(family) ? (100, "0.0") : (1, "0.00");
        var text = Number(change * scale, format);
        if (!text.StartsWith('-')) text = "+" + text;
        return half is { } width ? $"{text} ± {Number(width * scale, format)}" : text;
    }

    /// <summary>1:05 or 2:03:04.</summary>
    public static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Max(0, seconds));
        if (time.TotalHours >= 1000) return string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:#,0} d");
        return time.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
    }

    /// <summary>12,345.</summary>
    public static string Count(double value) => Number(value, "#,0");

    /// <summary>A number in a .NET format; never a negative zero.</summary>
    public static string Number(double value, string format)
    {
        var text = value.ToString(format, CultureInfo.InvariantCulture);
        return text.StartsWith('-') && text.AsSpan(1).IndexOfAnyExcept("0.,") < 0 ? text[1..] : text;
    }
}
