using System.Globalization;
using System.Text.RegularExpressions;

namespace R1Cloud.Shared.Recipes;

/// <summary>A band in which a model's figure is expected, e.g. <c>pass@1 0.98 ± 0.015 after rl</c>.</summary>
/// <param name="Metric">The figure: <c>pass@1</c>, <c>pass@k</c>, <c>cons@k</c>, <c>greedy</c> or <c>format</c>.</param>
/// <param name="Benchmark">The benchmark; null for the first.</param>
/// <param name="Value">The band's middle, a share.</param>
/// <param name="Tolerance">Half its width.</param>
/// <param name="Stage">The stage whose model is meant.</param>
public sealed partial record Expectation(string Metric, string? Benchmark, double Value, double Tolerance, string Stage)
{
    /// <summary>How one is written.</summary>
    public const string Form = "METRIC [on BENCHMARK] VALUE ± TOLERANCE after STAGE, METRIC being pass@1, pass@k, cons@k, greedy or format "
        + "and the numbers shares from 0 to 1";

    /// <summary>The pattern of <see cref="Form"/>.</summary>
    internal const string Pattern =
        @"^(pass@1|pass@k|cons@k|greedy|format)( on [a-z0-9/-]+)? (0|1|0?\.[0-9]+|1\.0+) (±|\+-) (0?\.[0-9]+) after [a-z0-9/-]+$";

    /// <summary>Reads one; null where it is none.</summary>
    public static Expectation? TryParse(string text)
    {
        if (text is null || !Written().IsMatch(text) || text[^1] == '\n') return null;
        var words = text.Split(' ');
        var on = words[1] == "on" ? words[2] : null;
        var at = on is null ? 1 : 3;
        return new(words[0], on, Number(words[at]), Number(words[at + 2]), words[at + 4]);

        static double Number(string word) => double.Parse(word, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Written();
}
