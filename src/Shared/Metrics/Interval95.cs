namespace R1Cloud.Shared.Metrics;

/// <summary>95 % confidence intervals of means over problems.</summary>
public static class Interval95
{
    /// <summary>Standard errors in half of an interval.</summary>
    public const double Normal95 = 1.959964;

    /// <summary>Half the width of a mean's interval (normal approximation with the sample deviation); 0 for less than two values.</summary>
    /// <param name="values">Each problem's value.</param>
    public static double HalfWidth(IReadOnlyCollection<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count < 2) return 0;
        var mean = values.Average();
        return Normal95 * Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
    }

    /// <summary>The standard error of a share of so many problems.</summary>
    public static double ErrorOfShare(double share, int problems) => Math.Sqrt(share * (1 - share) / Math.Max(1, problems));

    /// <summary>Half the width of the interval of a difference of two independent means, from those of the means.</summary>
    public static double OfDifference(double first, double second) => Math.Sqrt(first * first + second * second);
}
