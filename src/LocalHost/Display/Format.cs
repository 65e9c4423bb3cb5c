using System.Globalization;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.LocalHost.Display;

/// <summary>How figures are written.</summary>
internal static class Format
{
    /// <summary>The figures worth a place on the screen, the most telling first.</summary>
    public static IReadOnlyList<(string Metric, string Label, Func<double, string> Write)> Figures { get; } =
    [
        (MetricNames.RewardMean, "reward", value => Number(value, "0.000")),
        (MetricNames.Accuracy, "accuracy", Share),
        (MetricNames.Format, "format", Share),
        (MetricNames.MeanLength, "length", value => Number(value, "0.0")),
        (MetricNames.TokensPerSecondGeneration, "tokens/s", Count),
        (MetricNames.TokensPerSecond, "tokens/s", Count),
        (MetricNames.Loss, "loss", value => Number(value, "0.0000")),
        (MetricNames.Entropy, "entropy", value => Number(value, "0.000")),
        (MetricNames.Kl, "kl", value => Number(value, "0.0000")),
        (MetricNames.GradNorm, "grad norm", value => Number(value, "0.00")),
        (MetricNames.LearningRate, "lr", value => Number(value, "0.0e-0")),
    ];

    /// <summary>1:05 or 2:03:04.</summary>
    public static string Duration(TimeSpan time)
    {
        if (time < TimeSpan.Zero) time = TimeSpan.Zero;
        if (time.TotalHours >= 1000) return string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:#,0} d");
        return time.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
    }

    /// <inheritdoc cref="Duration(TimeSpan)"/>
    public static string Duration(double seconds) => Duration(TimeSpan.FromSeconds(seconds));

    /// <summary>71.2 %.</summary>
    public static string Share(double value) => Number(value * 100, "0.0") + " %";

    /// <summary>12,345.</summary>
    public static string Count(double value) => Number(value, "#,0");

    /// <summary>A number in a .NET format.</summary>
    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>A text in one line of at most so many columns.</summary>
    public static string OneLine(string text, int width, char cut)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= width ? line : string.Concat(line.AsSpan(0, Math.Max(width - 1, 0)), [cut]);
    }
}
