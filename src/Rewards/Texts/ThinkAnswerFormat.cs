using R1Cloud.Rewards.Scoring;

namespace R1Cloud.Rewards.Texts;

/// <summary>
/// R1's format reward (DeepSeek-R1 section 2.2.2): the completion is exactly one <c>&lt;think&gt;…&lt;/think&gt;</c> followed by one
/// <c>&lt;answer&gt;…&lt;/answer&gt;</c>, nothing before, between or after but white space, and it ended by itself.
/// </summary>
internal static class ThinkAnswerFormat
{
    private const string Think = "<think>", EndThink = "</think>", Answer = "<answer>", EndAnswer = "</answer>";

    /// <summary>1 when the form is right, else 0.</summary>
    public static Reward Score(Completion completion)
    {
        if (!completion.Finished) return new(0, "cut off at the length limit");
        var text = completion.Text.AsSpan().Trim();
        if (!text.StartsWith(Think, StringComparison.Ordinal)) return new(0, "does not begin with <think>");
        if (!text.EndsWith(EndAnswer, StringComparison.Ordinal)) return new(0, "does not end with </answer>");
        foreach (var tag in (ReadOnlySpan<string>)[Think, EndThink, Answer, EndAnswer])
        {
            if (text.Count(tag) != 1) return new(0, $"{tag} must stand there exactly once");
        }

        var (endThink, answer) = (text.IndexOf(EndThink, StringComparison.Ordinal), text.IndexOf(Answer, StringComparison.Ordinal));
        if (answer < endThink || text[(endThink + EndThink.Length)..answer].Trim().Length > 0)
            return new(0, "</think> is not followed by <answer>");
        return new(1, "think, then answer");
    }

    /// <summary>What stands between the last answer tags, or null when there is no such pair.</summary>
    public static string? ExtractAnswer(string text)
    {
        var start = text.LastIndexOf(Answer, StringComparison.Ordinal);
        if (start < 0) return null;
        start += Answer.Length;
        var end = text.IndexOf(EndAnswer, start, StringComparison.Ordinal);
        return end < 0 ? null : text[start..end].Trim();
    }
}
