using System.Text.RegularExpressions;
using R1Cloud.Rewards.Texts;

namespace R1Cloud.Rewards.Code;

/// <summary>Finds the program in a completion.</summary>
internal static partial class CodeBlock
{
    private static readonly Dictionary<string, string> Tags = new(StringComparer.OrdinalIgnoreCase)
    {
        ["python"] = "python", ["python3"] = "python", ["py"] = "python", ["py3"] = "python",
        ["javascript"] = "javascript", ["js"] = "javascript", ["node"] = "javascript", ["nodejs"] = "javascript", ["jsx"] = "javascript",
    };

    /// <summary>
    /// The program: looked for inside the last answer tags, then after the thinking; in fenced blocks of the language, else in those
    /// without one, else in what
    /// stands there without fences. Of several blocks the last one that defines what the tests call, else the last. Null when there is
    /// none.
    /// </summary>
    /// <param name="text">The completion.</param>
    /// <param name="language">The language.</param>
    /// <param name="wanted">Names that the tests call; empty for programs that read and write.</param>
    /// <param name="finished">Whether the completion ended by itself: of one cut off a block without end is no program.</param>
    public static string? Extract(string text, string language, IReadOnlyCollection<string> wanted, bool finished = true)
    {
        const string EndThink = "</think>";
        var answer = ThinkAnswerFormat.ExtractAnswer(text);
        if (answer is not null && Fenced(answer, language, wanted, finished) is { } inside) return inside;
        var afterThinking = text.LastIndexOf(EndThink, StringComparison.Ordinal) is >= 0 and var end
            ? text[(end + EndThink.Length)..] : text;
        if (Fenced(afterThinking, language, wanted, finished) is { } block) return block;
        if (!string.IsNullOrWhiteSpace(answer)) return HasFence(answer) ? null : answer;
        return finished && !HasFence(afterThinking) && LooksLikeCode(afterThinking, language) ? afterThinking : null;
    }

    private static string? Fenced(string text, string language, IReadOnlyCollection<string> wanted, bool finished)
    {
        var fences = CodeFences.Read(text).Where(fence => fence.IsClosed || finished).ToList();
        return Chosen([.. fences.Where(fence => Tags.GetValueOrDefault(fence.Language) == language)],
            wanted) ?? Chosen([.. fences.Where(fence => fence.Language.Length == 0)], wanted);
    }

    private static string? Chosen(List<CodeFence> fences, IReadOnlyCollection<string> wanted)
    {
        if (fences.Count == 0) return null;
        var defining = fences.FindLastIndex(fence => Definition().Matches(fence.Code).Any(match =>
            wanted.Contains(match.Groups["name"].Value)));
        return fences[defining < 0 ? fences.Count - 1 : defining].Code;
    }

    private static bool HasFence(string text) => text.Contains("```", StringComparison.Ordinal)
        || text.Contains("~~~", StringComparison.Ordinal);

    // Whether text without fences is a program and no prose: its first line is one of code.
    private static bool LooksLikeCode(string text, string language)
    {
        var first = text.Split('\n').FirstOrDefault(line => line.Trim().Length > 0) ?? "";
        return (language == "python" ? PythonLine() : JavaScriptLine()).IsMatch(first);
    }

    [GeneratedRegex(
        @"^[ \t]*(?:(?:async[ \t]+)?def|class|(?:export[ \t]+)?(?:default[ \t]+)?(?:async[ \t]+)?function\*?|(?:export[ \t]+)?(?:const|let|var))[ \t]+(?<name>[A-Za-z_$][\w$]*)|^(?<name>[A-Za-z_]\w*)[ \t]*=[^=]", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Definition();

    [GeneratedRegex(
        @"^(?:(?:async )?def [A-Za-z_]\w*\s*\(.*|class [A-Za-z_]\w*.*:\s*|import [\w., ]+|from [\w.]+ import .+|@\w.*|print\(.*|for \w.* in .*:.*|while .*:.*|if .*:.*|#.*|[A-Za-z_][\w, ]*\s*=[^=].*|""""""?.*)$", RegexOptions.NonBacktracking)]
    private static partial Regex PythonLine();

    [GeneratedRegex(
        @"^(?:(?:export )?(?:default )?(?:async )?function\b.*|(?:export )?(?:const|let|var) .*|class \w+.*\{.*|import .*|console\..*|//.*|module\.exports.*|'use strict'.*|""use strict"".*|process\..*|require\(.*)$", RegexOptions.NonBacktracking)]
    private static partial Regex JavaScriptLine();
}
