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
            text = Angle().Replace(text, "");
        if (text.Contains("aligned", StringComparison.Ordinal) && !text.Contains("matrix", StringComparison.Ordinal)
            && !text.Contains("cases", StringComparison.Ordinal)) text = text.Replace("&", "", StringComparison.Ordinal);
        return text.Contains("diag", StringComparison.Ordinal) ? Diagonal().Replace(text, AsMatrix) : text;
    }

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
    [GeneratedRegex(@"(?:\bm\s*)?(?:\\angle(?![a-z])|∠)\s*(?=[A-Z]{1,3}\s*=)", Plain)]
    private static partial Regex Angle();

    [GeneratedRegex(
        @"(?:\\(?:operatorname|mathrm|text)\s*\{\s*diag\s*\}|\bdiag)\s*(?:\\left)?\((?<cells>[^()]{1,80})(?:\\right)?\)", Plain)]
    private static partial Regex Diagonal();
}
