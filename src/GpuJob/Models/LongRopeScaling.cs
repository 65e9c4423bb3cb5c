namespace R1Cloud.GpuJob.Models;

/// <summary>
/// LongRoPE (arXiv 2402.13753) as transformers reads it: each frequency has a factor for sequences up to the length trained, and another
/// for longer ones, whose every position then has the long factors.
/// </summary>
/// <param name="Short">Divisors of the frequencies in sequences up to <paramref name="OriginalMaxPositions"/>.</param>
/// <param name="Long">Those in longer ones.</param>
/// <param name="OriginalMaxPositions">The length trained before the stretch.</param>
/// <param name="Factor">How far the length is stretched.</param>
/// <param name="GivenFactor">Whether a file gives that outright; else it is the ratio of the two lengths.</param>
/// <param name="AttentionFactor">The factor on cosines and sines where a file gives it outright.</param>
internal sealed record LongRopeScaling(
    ValueList<double> Short, ValueList<double> Long, int OriginalMaxPositions, double Factor, bool GivenFactor = false,
        double? AttentionFactor = null)
{
    /// <summary>Factor on cosines and sines: √(1 + ln factor / ln original length).</summary>
    public double Amplitude =>
        AttentionFactor ?? (Factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(Factor) / Math.Log(OriginalMaxPositions))));

    /// <summary>Whether a sequence of so many tokens has the long factors.</summary>
    public bool IsLong(int tokens) => tokens > OriginalMaxPositions;

    /// <summary>Frequencies of pairs with these periods / 2π.</summary>
    public float[] Frequencies(float[] periods, bool isLong) =>
        [.. periods.Zip(isLong ? Long : Short, (period, factor) => 1 / ((float)factor * period))];
}
