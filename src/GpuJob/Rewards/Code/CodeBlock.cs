using System.Text.RegularExpressions;

namespace R1Cloud.GpuJob.Rewards.Code;

/// <summary>Finds the program in a completion.</summary>
internal static partial class CodeBlock
{
    private static readonly Dictionary<string, string> Tags = new(StringComparer.OrdinalIgnoreCase)
    {
        ["python"] = "python", ["python3"] = "python", ["py"] = "python",
        ["javascript"] = "javascript", ["js"] = "javascript", ["node"] = "javascript", ["nodejs"] = "javascript",
    };

    /// <summary>
    /// The last fenced block of a language inside the last answer tags; else the last one after the thinking; else, unfenced, what stands
    /// between the answer tags. A block without a language counts as any. Null when there is none.
    /// </summary>
    public static string? Extract(string text, string language)
    {
        var answer = ThinkAnswerFormat.ExtractAnswer(text);
        if (answer is not null && Last(answer, language) is { } inside) return inside;
        const string EndThink = "</think>";
        var afterThinking = text.LastIndexOf(EndThink, StringComparison.Ordinal) is >= 0 and var end ? text[(end + EndThink.Length)..] : text;
        return Last(afterThinking, language) ?? (string.IsNullOrWhiteSpace(answer) || answer.Contains("```", StringComparison.Ordinal) ? null : answer);
    }

    private static string? Last(string text, string language) =>
        Fences().Matches(text)
            .Where(match => match.Groups["tag"].Value is var tag && (tag.Length == 0 || Tags.GetValueOrDefault(tag) == language))
            .LastOrDefault()?.Groups["code"].Value;

    // NonBacktracking: linear in the text, whatever a model wrote.
    [GeneratedRegex(@"^[ \t]*```[ \t]*(?<tag>[\w+#.-]*)[^\n]*\n(?<code>(.*\n)*?)[ \t]*```[ \t]*\r?$", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Fences();
}
