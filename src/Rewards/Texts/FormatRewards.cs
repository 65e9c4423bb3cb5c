using System.Text.RegularExpressions;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Texts;

/// <summary>The smaller rewards of form; each looks at the text alone.</summary>
internal static partial class FormatRewards
{
    private static readonly string[] Tags = ["<think>", "</think>", "<answer>", "</answer>"];

    /// <summary>
    /// R1's form to the letter, each tag on a line of its own (open-r1):
    /// <c>&lt;think&gt;⏎…⏎&lt;/think&gt;⏎&lt;answer&gt;⏎…⏎&lt;/answer&gt;</c>.
    /// </summary>
    public static Reward R1Strict(Completion completion)
    {
        const string start = "<think>\n", middle = "\n</think>\n<answer>\n", end = "\n</answer>";
        var text = completion.Text;
        if (!completion.Finished) return new(0, "cut off at the length limit");
        if (!text.StartsWith(start, StringComparison.Ordinal)) return new(0, "does not begin with <think> and a new line");
        if (!text.EndsWith(end, StringComparison.Ordinal)) return new(0, "does not end with a new line and </answer>");
        foreach (var tag in Tags)
        {
            if (text.AsSpan().Count(tag) != 1) return new(0, $"{tag} must stand there exactly once");
        }
        var at = text.IndexOf(middle, start.Length, StringComparison.Ordinal);
        return at >= 0 && at + middle.Length <= text.Length - end.Length
            ? new(1, "think, then answer, each tag in a line") : new(0, "the tags are not each in a line of its own");
    }

    /// <summary>
    /// Thinking first, then anything (TRL's <c>think_format_reward</c>): begins with the only <c>&lt;think&gt;</c>, which is closed.
    /// </summary>
    public static Reward Think(Completion completion)
    {
        var text = completion.Text.AsSpan();
        if (!text.StartsWith("<think>", StringComparison.Ordinal)) return new(0, "does not begin with <think>");
        if (text.Count("<think>") > 1) return new(0, "<think> must stand there exactly once");
        return text.Contains("</think>", StringComparison.Ordinal) ? new(1, "thinking, closed") : new(0, "the thinking is not closed");
    }

    /// <summary>A quarter for each of the four tags that stands there exactly once (open-r1's <c>tag_count_reward</c>).</summary>
    public static Reward TagCount(Completion completion)
    {
        var right = Tags.Count(tag => completion.Text.AsSpan().Count(tag) == 1);
        return new(right / 4.0, $"{right} of 4 tags once");
    }

    /// <summary>Marks of steps, up to a number that is enough (open-r1's <c>reasoning_steps_reward</c>).</summary>
    public static RewardFunction ReasoningSteps(ReasoningStepsOptions options) => completion =>
    {
        var marks = Step().Count(completion.Text);
        return new(Math.Min(1, marks / (double)options.Steps), $"{marks} marks of steps");
    };

    [GeneratedRegex(@"Step \d+:|^\d+\.|\n-|\n\*|First,|Second,|Next,|Finally,")]
    private static partial Regex Step();
}
