using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Texts;

/// <summary>Finds the text of a completion that is its answer.</summary>
internal static class AnswerText
{
    private const string EndThink = "</think>";

    private static readonly string[] Boxes = ["\\boxed{", "\\boxed {", "\\fbox{"];

    /// <summary>The text, or null when the completion has no such part.</summary>
    public static string? Of(Completion completion, AnswerPart part) => part switch
    {
        AnswerPart.AnswerTags => completion.Finished ? ThinkAnswerFormat.ExtractAnswer(completion.Text) : null,
        AnswerPart.AfterThinking => AfterThinking(completion.Text),
        _ => completion.Text,
    };

    /// <summary>Why there is no such part.</summary>
    public static string Missing(Completion completion, AnswerPart part) => part switch
    {
        AnswerPart.AnswerTags => completion.Finished ? "no <answer>…</answer>" : "cut off at the length limit",
        _ => "the thinking does not end",
    };

    // Text without thinking is an answer; thinking without an end is none.
    private static string? AfterThinking(string text)
    {
        var end = text.LastIndexOf(EndThink, StringComparison.Ordinal);
        if (end < 0 && text.Contains("<think>", StringComparison.Ordinal)) return null;
        var rest = end < 0 ? text : text[(end + EndThink.Length)..];
        return ThinkAnswerFormat.ExtractAnswer(rest) ?? rest;
    }

    /// <summary>What stands in the braces of the last <c>\boxed{…}</c>, which may nest; null when there is none that is closed.</summary>
    public static string? LastBoxed(string text)
    {
        var start = Boxes.Max(box => text.LastIndexOf(box, StringComparison.Ordinal) is var at and >= 0 ? at + box.Length : -1);
        if (start < 0) return null;
        for (int at = start, depth = 1; at < text.Length; at++)
        {
            depth += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0) return text[start..at].Trim();
        }
        return null;
    }
}
