using System.Globalization;

namespace R1Cloud.Rewards.Code;

/// <summary>
/// Compares a program's output with the expected one as programming contests do: line ends, white space at the ends of lines and empty
/// lines at the end do not count; where lines differ, words are compared, and numbers with a fraction agree within a tolerance.
/// </summary>
internal static class OutputComparison
{
    /// <summary>Numbers with a fraction agree within this, relatively or absolutely.</summary>
    public const double Tolerance = 1e-6;

    /// <summary>Whether the outputs agree.</summary>
    public static bool Agree(string actual, string expected)
    {
        var (a, b) = (Lines(actual), Lines(expected));
        return a.Count == b.Count && a.Zip(b).All(pair => pair.First == pair.Second || WordsAgree(pair.First, pair.Second));
    }

    private static List<string> Lines(string text)
    {
        var lines = text.Split('\n').Select(line => line.TrimEnd()).ToList();
        while (lines.Count > 0 && lines[^1].Length == 0) lines.RemoveAt(lines.Count - 1);
        return lines;
    }

    private static bool WordsAgree(string actual, string expected)
    {
        var (a, b) =
            (actual.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
                expected.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return a.Length == b.Length && a.Zip(b).All(pair => pair.First == pair.Second || NumbersAgree(pair.First, pair.Second));
    }

    // Whole numbers must be equal as text: 10 and 10.0 are different outputs where the expected one is whole.
    private static bool NumbersAgree(string actual, string expected) =>
        expected.AsSpan().IndexOfAny('.', 'e', 'E') >= 0
        && double.TryParse(actual, NumberStyles.Float, CultureInfo.InvariantCulture, out var a) && double.IsFinite(a)
        && double.TryParse(expected, NumberStyles.Float, CultureInfo.InvariantCulture, out var b) && double.IsFinite(b)
        && Math.Abs(a - b) <= Tolerance * Math.Max(1, Math.Abs(b));
}
