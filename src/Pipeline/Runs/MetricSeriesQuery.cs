using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Which figures are asked for.</summary>
/// <param name="Names">Names; one that ends in <c>*</c> stands for all that begin so.</param>
/// <param name="Stage">A stage by name or label; null for all.</param>
/// <param name="From">The first step; null for the first there is.</param>
/// <param name="To">The last step; null for the last there is.</param>
/// <param name="Points">About how many points of a series are wished.</param>
/// <param name="Times">Whether to say when they were recorded.</param>
internal sealed record MetricSeriesQuery(
    IReadOnlyList<string> Names, string? Stage = null, int? From = null, int? To = null,
    int Points = MetricSeriesQuery.DefaultPoints, bool Times = false)
{
    /// <summary>Most names.</summary>
    public const int MaxNames = 100;
    /// <summary>Most series of an answer.</summary>
    public const int MaxSeries = 500;
    /// <summary>Points of a series: the fewest and the most that may be wished, and what is wished where nothing is said.</summary>
    public const int MinPoints = 10, MaxPoints = 20_000, DefaultPoints = 1_000;
    /// <summary>Most points of an answer.</summary>
    public const int MaxFigures = 1_000_000;

    /// <summary>Whether a figure is asked for.</summary>
    public bool Wants(string name) => Names.Any(wish =>
        wish.EndsWith('*') ? name.AsSpan().StartsWith(wish.AsSpan(0, wish.Length - 1), StringComparison.Ordinal) : name == wish);

    /// <summary>Whether a step is asked for.</summary>
    public bool Wants(int step) => step >= (From ?? int.MinValue) && step <= (To ?? int.MaxValue);

    /// <summary>Refuses what would be too much for one answer.</summary>
    /// <exception cref="InvalidRequestException">It is.</exception>
    public void Check(IReadOnlyCollection<MetricSeries> series)
    {
        if (series.Count > MaxSeries)
            throw new InvalidRequestException("names", string.Join(',', Names), $"names of at most {MaxSeries} series");
        if (series.Sum(one => (long)one.Steps.Count) > MaxFigures)
            throw new InvalidRequestException("points", $"{Points}", $"so many that all series have at most {MaxFigures} points together");
    }
}
