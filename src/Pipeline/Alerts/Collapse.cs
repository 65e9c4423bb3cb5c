using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Alerts;

/// <summary>A figure of a stage that has fallen off.</summary>
/// <param name="Figure">Its name.</param>
/// <param name="Before">What it was at its best (entropy: in the beginning), over some iterations.</param>
/// <param name="Now">What it is, over as many.</param>
/// <param name="Step">The iteration.</param>
internal sealed record Collapse(string Figure, double Before, double Now, int Step)
{
    /// <summary>Iterations that a figure is averaged over, so that no single bad batch counts.</summary>
    public const int Window = 10;

    // A policy whose accuracy was never worth speaking of has none to lose.
    private const double LeastAccuracy = 0.1, LeftOfAccuracy = 0.5, LeftOfEntropy = 0.1;

    /// <summary>
    /// Accuracy (where there is none, the mean reward) that is below half of the best that it was, and entropy that is below a tenth of
    /// what it began with; each as a mean of <see cref="Window"/> iterations, and not before twice as many are done.
    /// </summary>
    /// <param name="rows">A stage's rows by step.</param>
    public static IEnumerable<Collapse> Find(IReadOnlyList<MetricsRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var figure = rows.Any(row => row.Values.ContainsKey(MetricNames.Accuracy)) ? MetricNames.Accuracy : MetricNames.RewardMean;
        if (Means(rows, figure) is { Count: > 1 } means && means.MaxBy(mean => mean.Value) is { Value: >= LeastAccuracy } best
            && means[^1].Value < best.Value * LeftOfAccuracy)
            yield return new(figure, best.Value, means[^1].Value, means[^1].Step);
        if (Means(rows, MetricNames.Entropy) is { Count: > 1 } entropies && entropies[0].Value > 0
            && entropies[^1].Value < entropies[0].Value * LeftOfEntropy)
            yield return new(MetricNames.Entropy, entropies[0].Value, entropies[^1].Value, entropies[^1].Step);
    }

    // Means of windows, the last of them at the end; empty before there are two that do not overlap.
    private static List<(int Step, double Value)> Means(IReadOnlyList<MetricsRow> rows, string figure)
    {
        var values = rows.Where(row => row.Values.TryGetValue(figure, out var value) && double.IsFinite(value))
            .Select(row => (row.Step, Value: row.Values[figure])).ToList();
        if (values.Count < 2 * Window) return [];
        return [.. Enumerable.Range(Window, values.Count - Window + 1)
            .Select(end => (values[end - 1].Step, values[(end - Window)..end].Average(one => one.Value)))];
    }
}
