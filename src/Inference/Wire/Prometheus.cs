using System.Globalization;

namespace R1Cloud.Inference.Wire;

/// <summary>Reads metrics in Prometheus's text form.</summary>
internal static class Prometheus
{
    /// <summary>A metric's sum over all its labels; 0 where it has not been counted yet.</summary>
    public static double Sum(string text, string metric) => text.Split('\n')
        .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal) || line.StartsWith(metric + " ", StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
}
