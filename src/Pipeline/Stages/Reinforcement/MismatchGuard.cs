using System.Globalization;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Stages.Reinforcement;

/// <summary>
/// Stops a stage whose sampler and trainer have come apart: a sampler with other weights than the policy's looks like this, whatever it
/// has shown of them.
/// </summary>
internal static class MismatchGuard
{
    private const int First = 3; // iterations that say what is usual

    private const double Factor = 10;

    // Below this a difference is rounding, of which ten times nothing is nothing.
    private const double Usual = 0.01;

    /// <summary>Looks at an iteration.</summary>
    /// <param name="first">The means of the first iterations; null before them.</param>
    /// <param name="metrics">The iteration's.</param>
    /// <param name="stage">The stage's name.</param>
    /// <param name="iteration">The iteration's number, from 1.</param>
    /// <returns>The means of the first iterations, this one among them if it is.</returns>
    /// <exception cref="InvalidOperationException">The mean is far from the usual one; the message says by how much.</exception>
    public static IReadOnlyList<double>? After(IReadOnlyList<double>? first, IReadOnlyDictionary<string, double> metrics, string stage,
        int iteration)
    {
        if (!metrics.TryGetValue(MetricNames.MismatchMean, out var mean)) return first;
        if (first is null || first.Count < First) return [.. first ?? [], mean];
        var most = Math.Max(Factor * first.Average(), Usual);
        return mean <= most ? first : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"Stage '{stage}': in iteration {iteration} the sampler's log-probabilities differ from the trainer's by {mean:0.####} on "
            + $"average ({MetricNames.MismatchMean}); in the first {First} it was {first.Average():0.####}, and more than {most:0.####} is ")
            + "not allowed. An engine that samples with other weights than the policy's looks like this.");
    }
}
