using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>
/// Spellings that mean the same as others which the lexer knows: 0x1F, 0.(3), 10{:}30, (k ∈ Z), a union written with the letter U.
/// </summary>
internal static partial class Respelling
{
    private const RegexOptions Plain = RegexOptions.CultureInvariant;
    private const int MostTerms = 60;

    private static readonly SearchValues<string> WholeSets = SearchValues.Create(["mathbb", "ℤ", "ℕ"], StringComparison.Ordinal);

    /// <summary>The text in the spelling that the lexer knows.</summary>
    public static string Rewrite(string text)
    {
        text = RelationsInWords.Spelled(Siunitx.Spelled(text));
        if (text.Contains("\\over", StringComparison.Ordinal)) text = Over().Replace(text, "\\frac{$1}{$2}");
        if (text.Contains("{:}", StringComparison.Ordinal)) text = text.Replace("{:}", ":", StringComparison.Ordinal);
        if (text.Contains("\\textcolor", StringComparison.Ordinal)) text = Coloured().Replace(text, "");
        if (text.Contains(".(", StringComparison.Ordinal)) text = Period().Replace(text, "$1.\\overline{$2}");
        if (text.Contains('0', StringComparison.Ordinal) && text.Length > 2)
            text = Literal().Replace(MarkedLiteral().Replace(text, "$1"), InRadix);
        if (text.Contains("16", StringComparison.Ordinal)) text = Hexadecimal().Replace(text, match =>
            match.Groups["digits"].Value.ToUpperInvariant() + "_{16}");
        text = Adornments.Removed(text);
        if (text.Contains("dots", StringComparison.Ordinal) || text.Contains("...", StringComparison.Ordinal)
            || text.Contains('…', StringComparison.Ordinal)) text = Progression().Replace(text, WrittenOut);
        if (text.Contains(" and a", StringComparison.Ordinal)) text = AndAHalf().Replace(text, match =>
            match.Groups[1].Value + (match.Groups[3].Value == "half" ? ".5" : ".25") + match.Groups[2].Value);
        if (text.Contains("out", StringComparison.Ordinal)) text = Share().Replace(text, "\\frac{$1}{$2}");
        if (text.AsSpan().ContainsAny(WholeSets)) text = PositiveWhole().Replace(text, "\\mathbb{N}");
        text = Quantifiers.Spelled(text);
        if (text.StartsWith("\\lim", StringComparison.Ordinal)) text = BareLimit().Replace(text, "");
        if (text.Contains('∈', StringComparison.Ordinal) || text.Contains("\\in", StringComparison.Ordinal))
            text = Domain().Replace(NamedSet().Replace(text, "$1\\mathbb{$2} "), ", $1 ");
        if (text.Contains("\\pm", StringComparison.Ordinal) || text.Contains('±', StringComparison.Ordinal))
            text = AllIntegers().Replace(text, ", $1 \\in \\mathbb{Z}");
        if (text.Contains('U', StringComparison.Ordinal)) text = Dollars().Replace(Union().Replace(text, "∪"), "\\$$");
        if (text.Contains("\\prime", StringComparison.Ordinal)) text = ArcMinutes().Replace(text, "'");
        if (text.Contains("frac", StringComparison.Ordinal)) text = UnitFraction().Replace(text, " \\text{$1/$2}$3");
        return text.Contains('h', StringComparison.Ordinal) ? HoursAndMinutes().Replace(text, " h $1 min") : text;
    }

    /// <summary>The text with the first number of "15 out of 20" alone; null where it has no such words.</summary>
    public static string? Counted(string text) => text.Contains("out", StringComparison.Ordinal) && Share().IsMatch(text)
        ? Share().Replace(text, "$1") : null;

    // 1, 2, …, 6 with one step
    private static string WrittenOut(Match match)
    {
        long first = long.Parse(match.Groups["first"].ValueSpan, CultureInfo.InvariantCulture),
            second = long.Parse(match.Groups["second"].ValueSpan, CultureInfo.InvariantCulture),
            last = long.Parse(match.Groups["last"].ValueSpan, CultureInfo.InvariantCulture), step = second - first;
        if (step == 0 || (last - second) % step != 0 || (last - second) / step is < 0 or > MostTerms
            || match.Groups["third"].Success && long.Parse(match.Groups["third"].ValueSpan, CultureInfo.InvariantCulture) != second + step)
            return match.Value;
        var all = new List<long>();
        for (var term = first; term != last + step; term += step) all.Add(term);
        return string.Join(", ", all);
    }

    private static string InRadix(Match match)
    {
        var radix = char.ToLowerInvariant(match.ValueSpan[1]) switch { 'x' => "16", 'b' => "2", _ => "8" };
        return match.Groups[2].Value.ToUpperInvariant() + "_{" + radix + "}";
    }

    // 1 \over 2, all of the text
    [GeneratedRegex(@"^([^{}=,;]{1,200})\\over(?![a-z])([^{}=,;]{1,200})$", Plain)]
    private static partial Regex Over();

    [GeneratedRegex(@"\\textcolor\s*(?:\[[a-zA-Z]+\])?\s*\{[^{}]*\}", Plain)]
    private static partial Regex Coloured();

    [GeneratedRegex(@"(?<![\d.])(\d{1,20})\.\((\d{1,20})\)(?![\w(])", Plain)]
    private static partial Regex Period();

    [GeneratedRegex(@"^(0[xX](?=[0-9A-Fa-f]+$)|0[bB](?=[01]+$)|0[oO](?=[0-7]+$))([0-9A-Fa-f]{1,32})$", Plain)]
    private static partial Regex Literal();

    // \text{0x1F}
    [GeneratedRegex(@"^\\(?:text|texttt|mathtt|mathrm)\{(0[xXbBoO][0-9A-Fa-f]{1,32})\}$", Plain)]
    private static partial Regex MarkedLiteral();

    // (2A)_{16}, \text{D}_{16}
    [GeneratedRegex(
        @"(?:(?<![\w)}])\(\s*(?:\\(?:text|mathrm|texttt|mathtt)\{)?(?<digits>[0-9A-Fa-f]{1,32})\}?\s*\)"
        + @"|\\(?:text|mathrm|texttt|mathtt|textbf|mathbf|operatorname)\{(?<digits>[0-9A-Fa-f]{1,32})\})\s*_\s*(?:\{16\}|16(?!\d))", Plain)]
    private static partial Regex Hexadecimal();

    // k ∈ Z
    [GeneratedRegex(@"((?:\\in|∈)\s*)([ZNQ])(?![\w'^{(])\s*", Plain)]
    private static partial Regex NamedSet();

    // (k ∈ ℤ) behind a formula
    [GeneratedRegex(
        @"(?<=[\w})\]])(?:\s|\\[ ,;:!]|\\q?quad|~)*[(（]\s*([a-zA-Z]\s*(?:\\in(?![a-z])|∈)\s*(?:\\(?:mathbb|mathbf|mathrm|Bbb)\s*\{?[ZNQR]\}?|\\[ZNQR]|[ℤℕℚℝ]))\s*[)）]", Plain)]
    private static partial Regex Domain();

    // 1, 2, \ldots, 6 all by themselves or in braces
    [GeneratedRegex(
        @"(?<=^\s*|\{\s*)(?<first>-?\d{1,9})\s*,\s*(?<second>-?\d{1,9})\s*(?:,\s*(?<third>-?\d{1,9})\s*)?,\s*(?:\\[lc]?dots|\.\.\.|…)\s*,\s*(?<last>-?\d{1,9})(?=\s*(?:\\?\}|$))", Plain)]
    private static partial Regex Progression();

    // 7 and a half
    [GeneratedRegex(@"(?<![\d.])(\d{1,9})\s*(\\text\s*\{)?\s*and\s+a\s+(half|quarter)(?![a-z])", Plain)]
    private static partial Regex AndAHalf();

    // 3 out of 8
    [GeneratedRegex(@"(?<![\d.,])(\d{1,9})\s*(?:\\(?:text|mathrm)\{)?\s*out\s+of\s*(?:\}\s*)?(\d{1,9})(?![\d.,])", Plain)]
    private static partial Regex Share();

    // ℤ⁺, ℕ*
    [GeneratedRegex(
        @"(?:\\mathbb\s*\{?\s*[ZN]\s*\}?|[ℤℕ])\s*(?:[_^]\s*(?:\{\s*(?:\+|\*|\\ast|>\s*0)\s*\}|\+|\*|\\ast(?![a-z]))|[⁺*])", Plain)]
    private static partial Regex PositiveWhole();

    // \lim = e^3
    [GeneratedRegex(@"^\\lim\s*=", Plain)]
    private static partial Regex BareLimit();

    // n = 0, ±1, ±2, …
    [GeneratedRegex(
        @",?\s*[(（]?\s*([a-zA-Z])\s*=\s*0\s*,\s*(?:\\pm|±)\s*1\s*,\s*(?:\\pm|±)\s*2\s*,(?:\s*(?:\\pm|±)\s*3\s*,)?\s*(?:\\[lc]?dots|\.\.\.|…)\s*[)）]?", Plain)]
    private static partial Regex AllIntegers();

    [GeneratedRegex(@"(?<=[)\]]\s{0,3})U(?=\s{0,3}[(\[])", Plain)]
    private static partial Regex Union();

    [GeneratedRegex(@"\bUSD?\s*\\?\$", Plain)]
    private static partial Regex Dollars();

    // 30^{\circ}15^{\prime}
    [GeneratedRegex(@"(?<=\\circ\s*\}?\s*\d[\d.]{0,9}\s*)\^\s*(?:\{\s*\\prime\s*\}|\\prime(?![a-z]))", Plain)]
    private static partial Regex ArcMinutes();

    // 60 \frac{\text{mi}}{\text{h}}
    [GeneratedRegex(
        @"(?<=\d(?:\s|\\[ ,;:!]|~){0,4})\\[dt]?frac\s*\{\s*\\(?:text|mathrm)\{\s*([A-Za-z ]{1,20}?)\s*\}\s*\}\s*\{\s*\\(?:text|mathrm)\{\s*([A-Za-z ]{1,20}?)\s*\}\s*(\^\s*(?:\{\d\}|\d))?\s*\}", Plain)]
    private static partial Regex UnitFraction();

    // 1 h 15 m
    [GeneratedRegex(@"(?<=\d)\s*(?:h|hr|hrs|hours?)\s*(\d{1,2})\s*m(?![a-zA-Z/^])", Plain)]
    private static partial Regex HoursAndMinutes();
}
