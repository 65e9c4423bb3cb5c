using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>Quantities in the commands of LaTeX's package siunitx: <c>\SI{5}{\kilo\metre}</c>, <c>\num{3e8}</c>, <c>\ang{30}</c>.</summary>
internal static partial class Siunitx
{
    private const RegexOptions Plain = RegexOptions.CultureInvariant;

    private static readonly HashSet<string> Prefixes = new(StringComparer.Ordinal)
    {
        "pico", "nano", "micro", "milli", "centi", "deci", "hecto", "kilo", "mega", "giga", "tera",
    };

    /// <summary>The text with these commands as numbers and units.</summary>
    public static string Spelled(string text)
    {
        if (!text.Contains("\\SI", StringComparison.Ordinal) && !text.Contains("\\qty", StringComparison.Ordinal)
            && !text.Contains("\\num", StringComparison.Ordinal) && !text.Contains("\\ang", StringComparison.Ordinal)
            && !text.Contains("\\unit", StringComparison.Ordinal) && !text.Contains("\\si", StringComparison.Ordinal)) return text;
        text = Quantity().Replace(text, match => $"{match.Groups["value"].Value} \\text{{{Unit(match.Groups["unit"].Value)}}}");
        return Angle().Replace(UnitAlone().Replace(Number().Replace(text, "$1"), match => $"\\text{{{Unit(match.Groups[1].Value)}}}"),
            "$1^\\circ");
    }

    // \kilo\metre\per\second\squared as kilometre/second^2; letters such as km/h as they are
    private static string Unit(string commands)
    {
        var words = new List<string>();
        foreach (Match part in Part().Matches(commands))
        {
            var word = part.Groups["name"].Success ? part.Groups["name"].Value : part.Value.Trim();
            if (word.Length == 0) continue;
            if (words.Count > 0 && Prefixes.Contains(words[^1])) words[^1] += word;
            else words.Add(word switch
            {
                "per" => "/", "squared" => "^2", "cubed" => "^3", "percent" => "%", "." => " ",
                "celsius" or "degreeCelsius" => "°C", _ => word,
            });
        }
        return string.Join(' ', words);
    }

    [GeneratedRegex(@"\\(?:SI|qty)\s*(?:\[[^\]]*\])?\{(?<value>[^{}]{1,40})\}\s*\{(?<unit>[^{}]{1,80})\}", Plain)]
    private static partial Regex Quantity();

    [GeneratedRegex(@"\\num\s*(?:\[[^\]]*\])?\{([^{};]{1,40})\}", Plain)]
    private static partial Regex Number();

    [GeneratedRegex(@"\\(?:si|unit)\s*\{([^{}]{1,80})\}", Plain)]
    private static partial Regex UnitAlone();

    [GeneratedRegex(@"\\ang\s*\{([^{};]{1,40})\}", Plain)]
    private static partial Regex Angle();

    [GeneratedRegex(@"\\(?<name>[a-zA-Z]+)|[^\\]+", Plain)]
    private static partial Regex Part();
}
