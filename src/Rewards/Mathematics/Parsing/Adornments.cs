using System.Buffers;
using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>What stands around an answer and says nothing of its value: ∴, ✓, "(not 15)", signs of angles, marks of alignment.</summary>
internal static partial class Adornments
{
    private const RegexOptions Plain = RegexOptions.CultureInvariant;

    private static readonly SearchValues<string> Marks =
        SearchValues.Create(["∴", "✓", "✔", "\\therefore", "\\checkmark"], StringComparison.Ordinal);

    /// <summary>The text without them.</summary>
    public static string Removed(string text)
    {
        if (text.AsSpan().ContainsAny(Marks)) text = Conclusion().Replace(text, "");
        text = text.Replace("‰", "\\text{ per mille}", StringComparison.Ordinal);
        if (text.Contains("not", StringComparison.Ordinal)) text = Contrast().Replace(text, "");
        if (text.Contains("angle", StringComparison.Ordinal) || text.Contains('∠', StringComparison.Ordinal))
            text = AngleOfPoints().Replace(Angle().Replace(text, ""), match => $"\\theta_{{{OneWay(match.Groups[1].Value)}}}");
        if (text.Contains("arrow{", StringComparison.Ordinal) || text.Contains("\\vec", StringComparison.Ordinal))
            text = Arrow().Replace(text, match => match.Groups[1].Value is [var from, var to] && from > to
                ? $"(-\\nu_{{{to}{from}}})" : $"\\nu_{{{match.Groups[1].Value}}}");
        if (text.Contains("aligned", StringComparison.Ordinal) && !text.Contains("matrix", StringComparison.Ordinal)
            && !text.Contains("cases", StringComparison.Ordinal)) text = text.Replace("&", "", StringComparison.Ordinal);
        return text.Contains("diag", StringComparison.Ordinal) ? Diagonal().Replace(text, AsMatrix) : text;
    }

    private static string OneWay(string points) => points[0] <= points[2] ? points : $"{points[2]}{points[1]}{points[0]}";

    private static string AsMatrix(Match match)
    {
        var cells = match.Groups["cells"].Value.Split(',');
        return "\\begin{pmatrix}" + string.Join("\\\\", cells.Select((cell, i) =>
            string.Join('&', cells.Select((_, j) => i == j ? cell : "0")))) + "\\end{pmatrix}";
    }

    // ∴ x = 14 ✓
    [GeneratedRegex(@"^\s*(?:\\therefore(?![a-z])|∴)|(?:\\[ ,;:]|\s)*(?:\\checkmark|✓|✔)\s*$", Plain)]
    private static partial Regex Conclusion();

    // 12 (not 15)
    [GeneratedRegex(@"(?<=\S)\s*(?:\\text\s*\{\s*)?\(\s*not\s*\}?[^()]{1,40}\)\s*\}?\s*$", Plain)]
    private static partial Regex Contrast();

    // ∠A = 50°
    [GeneratedRegex(@"(?:\bm\s*)?(?:\\angle(?![a-z])|∠)\s*(?=[A-Z]\s*=)", Plain)]
    private static partial Regex Angle();

    // ∠ABC is ∠CBA and no other: a name, not a product of its letters
    [GeneratedRegex(@"(?:\bm\s*)?(?:\\angle(?![a-z])|∠)\s*\{?([A-Z]{3})(?![A-Za-z])\}?", Plain)]
    private static partial Regex AngleOfPoints();

    // the vector from P to Q is minus the one from Q to P
    [GeneratedRegex(@"\\(?:overrightarrow|vec)\s*\{\s*([A-Z]{2})\s*\}", Plain)]
    private static partial Regex Arrow();

    [GeneratedRegex(
        @"(?:\\(?:operatorname|mathrm|text)\s*\{\s*diag\s*\}|\bdiag)\s*(?:\\left)?\((?<cells>[^()]{1,80})(?:\\right)?\)", Plain)]
    private static partial Regex Diagonal();
}
