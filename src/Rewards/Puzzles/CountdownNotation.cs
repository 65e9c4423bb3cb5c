using System.Text.RegularExpressions;
using R1Cloud.Rewards.Texts;

namespace R1Cloud.Rewards.Puzzles;

/// <summary>Brings an expression in LaTeX or in wide characters into plain notation.</summary>
internal static partial class CountdownNotation
{
    private const int MaxFractions = 32;

    private static readonly (string Command, string Sign)[] Signs =
    [
        ("\\times", "*"), ("\\cdot", "*"), ("\\ast", "*"), ("\\div", "/"), ("\\left", ""), ("\\right", ""), ("\\,", " "), ("\\;", " "),
            ("\\!", ""), ("\\quad", " "), ("\\(", ""), ("\\)", ""), ("\\[", ""), ("\\]", ""), ("$", ""), ("\\dfrac", "\\frac"),
            ("\\tfrac", "\\frac"),
    ];

    /// <summary>The expression in plain notation; what is no notation of numbers stays as it is.</summary>
    public static string Plain(string text)
    {
        if (AnswerText.LastBoxed(text) is { } boxed) text = boxed;
        // Wide forms of ASCII characters stand at the same distance from them.
        var plain = string.Create(text.Length, text, (wide, source) =>
        {
            for (var i = 0; i < wide.Length; i++) wide[i] = source[i] is >= '！' and <= '～' ? (char)(source[i] - '！' + '!') : source[i];
        });
        foreach (var (command, sign) in Signs) plain = plain.Replace(command, sign, StringComparison.Ordinal);
        for (var i = 0; i < MaxFractions && Fraction().IsMatch(plain); i++) plain = Fraction().Replace(plain, "(($1)/($2))");
        return plain.Replace('[', '(').Replace(']', ')');
    }

    [GeneratedRegex(@"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Fraction();
}
