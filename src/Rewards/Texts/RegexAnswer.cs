using System.Text.RegularExpressions;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Texts;

/// <summary>Accuracy by a regular expression, without backtracking: no text makes it slow.</summary>
internal sealed class RegexAnswer(RegexRewardOptions options)
{
    private const string Group = "answer";

    private readonly Regex? pattern = options.Pattern.Length > 0 ? Compile(options.Pattern, options.IgnoreCase) : null;

    /// <summary>1 when the expression matches (and its group <c>answer</c>, where it has one, is the right answer), else 0.</summary>
    public Reward Score(Completion completion)
    {
        if (pattern is null && string.IsNullOrWhiteSpace(completion.Answer))
            return Reward.Failed("the problem has no right answer, nor is there a pattern");
        if (AnswerText.Of(completion, options.Part) is not { } text) return Reward.Unparsable(AnswerText.Missing(completion, options.Part));
        Regex regex;
        try
        {
            regex = pattern ?? Compile(completion.Answer, options.IgnoreCase);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return Reward.Failed($"the row's answer is no regular expression: {e.Message}");
        }
        var match = regex.Match(text);
        if (!match.Success) return new(0, "no match");
        if (!match.Groups.TryGetValue(Group, out var answer)) return new(1, "matches");
        if (string.IsNullOrWhiteSpace(completion.Answer))
            return Reward.Failed("the problem has no right answer for the pattern's group to equal");
        var comparison = options.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return string.Equals(answer.Value.Trim(), completion.Answer.Trim(), comparison)
            ? new(1, "right") : new(0, $"{answer.Value} is not {completion.Answer}");
    }

    private static Regex Compile(string pattern, bool ignoreCase) =>
        new(pattern,
            RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None));
}
