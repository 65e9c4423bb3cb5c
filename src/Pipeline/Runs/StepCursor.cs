using System.Globalization;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Up to which step of each stage somebody has the metrics, as a text: <c>base=300,r1-zero=12</c>.</summary>
internal static class StepCursor
{
    /// <summary>Writes it.</summary>
    public static string Format(IReadOnlyDictionary<string, int> steps) =>
        string.Join(',',
            steps.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}")));

    /// <summary>Reads it; what does not belong there is passed over, since a stream may always begin at the beginning.</summary>
    public static Dictionary<string, int> Parse(string? text)
    {
        var steps = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=') is [var stage, var number]
                && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var step)) steps[stage] = step;
        }
        return steps;
    }
}
