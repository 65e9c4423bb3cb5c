using System.Globalization;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Puzzles;

/// <summary>
/// The countdown game (TinyZero, github.com/Jiayi-Pan/TinyZero): an expression in the answer tags uses each of the row's numbers
/// (<c>nums</c> or <c>numbers</c>) once and reaches the <c>target</c> (or the answer).
/// </summary>
internal sealed class Countdown(CountdownOptions options)
{
    /// <summary>1 when it does, the form's score when it is an expression over the right numbers, else 0.</summary>
    public Reward Score(Completion completion)
    {
        if (completion.Find("nums", "numbers") is not { } column || column.Value.AsWholeNumbers() is not { } given)
            return Reward.Failed("the row has no list of whole numbers \"nums\" or \"numbers\"");
        if (Target(completion) is not { } target) return Reward.Failed("the row has no whole number \"target\", nor as its answer");
        if (!completion.Finished) return Reward.Unparsable("cut off at the length limit");
        if (ThinkAnswerFormat.ExtractAnswer(completion.Text) is not { Length: > 0 } answer)
            return Reward.Unparsable("no <answer>…</answer>");

        // "3*4 = 12" is how people write it; what stands on the other side must be true.
        var sides = CountdownNotation.Plain(answer).Split('=');
        if (sides.Length > 2) return Reward.Unparsable("more than one =");
        var (value, used, problem) = CountdownExpression.Evaluate(sides[0]);
        if (problem is not null) return Reward.Unparsable(problem);
        if (sides.Length == 2)
        {
            var other = CountdownExpression.Evaluate(sides[1]);
            if (other.Problem is not null) return Reward.Unparsable(other.Problem);
            if (other.Value != value) return new(0, $"{value} is not {other.Value}");
            if (!Fits(used, given) && Fits(other.Numbers, given)) used = other.Numbers; // "12 = 3*4"
        }
        if (!Fits(used, given)) return new(0, $"uses {string.Join(", ", used)} of {string.Join(", ", given)}");
        return value == new Fraction(target, 1) ? new(1, $"reaches {target}") : new(options.FormScore, $"reaches {value}, not {target}");
    }

    private bool Fits(IReadOnlyList<long> used, long[] given)
    {
        var left = given.ToList();
        return used.All(left.Remove) && (left.Count == 0 || !options.UseAll);
    }

    private static long? Target(Completion completion) =>
        completion.Find("target") is { } column ? column.Value.AsWholeNumber()
        : long.TryParse(completion.Answer, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var answer) ? answer : null;
}
