using R1Cloud.Rewards.Mathematics.Extraction;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics;

/// <summary>
/// The right answer of a row, read once with a budget of its own: what is wrong with it is the row's error, never the model's.
/// </summary>
internal sealed class RightAnswer
{
    private RightAnswer(string text, IReadOnlyList<Node> trees) => (Text, Trees) = (text, trees);

    /// <summary>The answer's text, without what marks it in a solution.</summary>
    public string Text { get; }

    /// <summary>What stands behind the letter of "(A) 42"; null where there is no letter.</summary>
    public string? Content { get; private init; }

    /// <summary>Its trees; none where it is words.</summary>
    public IReadOnlyList<Node> Trees { get; }

    /// <summary>Reads it.</summary>
    /// <param name="gold">The row's text.</param>
    /// <param name="options">The policies.</param>
    /// <param name="problem">What is wrong with it; null when it can be used.</param>
    public static RightAnswer? TryRead(string gold, MathOptions options, out string? problem)
    {
        problem = null;
        if (IsBlank(gold))
        {
            problem = "the problem has no right answer";
            return null;
        }
        var parses = new Parses(options, new WorkBudget(options.MaxSteps));
        try
        {
            var text = new AnswerExtractor(options, parses.First).FindGold(gold)?.Text ?? AnswerExtractor.Clean(gold);
            if (IsBlank(text)) problem = $"the right answer {gold} is blank";
            else if (text.Length > AnswerExtractor.MaxAnswerLength)
                problem = $"the right answer is longer than {AnswerExtractor.MaxAnswerLength} characters";
            if (problem is not null) return null;
            var content = ChoiceLetters.Content(text);
            var trees = parses.All(content ?? text, isGold: true);
            if (trees.Count > 0 || !IsBrokenFormula(text)) return new(text, trees) { Content = content };
            problem = $"the right answer {text} is no formula that can be read";
        }
        catch (WorkLimitException e)
        {
            problem = $"the right answer is too large: {e.Message}";
        }
        return null;
    }

    /// <summary>Whether nothing but spaces and punctuation is in a text.</summary>
    public static bool IsBlank(string text) => text.All(c => char.IsWhiteSpace(c) || c < 128 && !char.IsAsciiLetterOrDigit(c)
        && c is not ('<' or '>' or '=' or '+' or '-' or '%' or '^' or '|') || c is '。' or '，' or '；' or '：' or '\u200B')
        || text.Replace("\\boxed", "", StringComparison.Ordinal).Replace("\\fbox", "", StringComparison.Ordinal) is var rest
            && rest.Length < text.Length && IsBlank(rest);

    // A formula whose braces do not match.
    private static bool IsBrokenFormula(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return false;
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth < 0) return true;
        }
        return depth != 0;
    }
}
