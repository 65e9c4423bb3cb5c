using System.Text.RegularExpressions;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Texts;

/// <summary>Accuracy of tasks whose answer has one spelling: the answer's text equals it.</summary>
internal sealed partial class ExactAnswer(ExactOptions options)
{
    /// <summary>1 when equal, else 0; a completion that is cut off or has no such text is unparsable.</summary>
    public Reward Score(Completion completion)
    {
        if (string.IsNullOrWhiteSpace(completion.Answer)) return Reward.Failed("the problem has no right answer");
        if (AnswerText.Of(completion, options.Part) is not { } answer)
            return Reward.Unparsable(AnswerText.Missing(completion, options.Part));
        var (given, right) = (Normalize(answer), Normalize(completion.Answer));
        return string.Equals(given, right, options.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)
            ? new(1, "right") : new(0, $"{given} is not {right}");
    }

    private string Normalize(string text) => options.CollapseSpace ? Space().Replace(text.Trim(), " ") : text.Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
