using System.Buffers;
using System.Text;
using R1Cloud.Rewards.Mathematics.Equality;
using R1Cloud.Rewards.Mathematics.Extraction;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Parsing;
using R1Cloud.Rewards.Mathematics.Trees;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics;

/// <summary>
/// The accuracy reward of mathematics: finds the final answer in a completion and decides whether it is worth the same as the right one.
/// Never throws, and stops within <see cref="MathOptions.MaxSteps"/> whatever the input.
/// </summary>
internal static class MathAnswer
{
    private static readonly SearchValues<char> Signs = SearchValues.Create("+*/^=<>|_");

    /// <summary>Compiles what answers need, so that the first ones do not spend their time on it.</summary>
    static MathAnswer()
    {
        foreach (var (gold, pred) in ((string, string)[])
            [("\\frac{1}{2}", "so \\boxed{0.5}"), ("$(x+1)^2$", "The answer is $x^2+2x+1$."), ("x^2<4", "$x \\in (-2,2)$"),
                ("\\sqrt{12}", "2\\sqrt{3}"), ("\\sin x", "\\cos(x-\\pi/2)"),
             ("5 cm", "50 mm"), ("x=1, y=2", "(1,2)"), ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)"), ("10\\%", "0.1"), ("blue", "red"),
                 ("x+y=1", "y=1-x"), ("C", "so it is 5")])
        {
            Judge(gold, pred, MathOptions.Default);
        }
    }

    /// <summary>Scores a completion by the default options: 1 when right, else 0.</summary>
    public static Reward Score(Completion completion) => Score(completion, MathOptions.Default);

    /// <summary>
    /// Scores a completion: 1 when right, else 0; one that is cut off, has no answer, or one beyond the limits is unparsable.
    /// </summary>
    public static Reward Score(Completion completion, MathOptions options)
    {
        if (RightAnswer.IsBlank(completion.Answer)) return Reward.Failed("the problem has no right answer");
        if (!completion.Finished) return new(0, "cut off at the length limit", RewardOutcome.Unparsable);
        var verdict = Judge(completion.Answer, completion.Text, options);
        return new(verdict.Correct ? 1 : 0, verdict.Reason, verdict.Outcome);
    }

    /// <summary>What is wrong with a right answer by itself, found before any completion is judged; null when nothing is.</summary>
    public static string? Problem(string gold, MathOptions options)
    {
        if (options.Kind == AnswerKind.Choice) return RightAnswer.IsBlank(gold) ? "the problem has no right answer" : null;
        return RightAnswer.TryRead(gold, options, out var problem) is { } right ? OwnLimit(right, options) : problem;
    }

    /// <summary>Judges a text against the right answer.</summary>
    /// <param name="gold">The right answer: a formula, words, or a solution with a marked answer.</param>
    /// <param name="pred">The text to judge.</param>
    /// <param name="options">The policies.</param>
    public static MathVerdict Judge(string gold, string pred, MathOptions options)
    {
        string? extracted = null;
        try
        {
            if (options.Kind == AnswerKind.Choice) return RightAnswer.IsBlank(gold) ? Failed("the problem has no right answer")
                : JudgeChoice(gold, pred, ref extracted);
            if (RightAnswer.TryRead(gold, options, out var problem) is not { } right) return Failed(problem!);
            try
            {
                return Judge(right, pred, options, new WorkBudget(options.MaxSteps), ref extracted);
            }
            catch (WorkLimitException e)
            {
                // The answer's fault, unless the right one is as bad by itself.
                return OwnLimit(right, options) is { } limit ? Failed(limit) : new(false, extracted, e.Message, RewardOutcome.Unparsable);
            }
        }
        catch (Exception e)
        {
            // A fault of the verifier is reported as such, never as a wrong answer.
            return new(false, extracted, $"{e.GetType().Name}: {e.Message}", RewardOutcome.Error);
        }
    }

    private static MathVerdict Failed(string problem) => new(false, null, problem, RewardOutcome.Error);

    // The limit that a right answer exceeds when it is compared with itself; null when it does not.
    private static string? OwnLimit(RightAnswer right, MathOptions options)
    {
        try
        {
            // What takes half of the steps against itself leaves nothing for answers.
            var comparer = new AnswerComparer(options, new WorkBudget(options.MaxSteps / 2));
            foreach (var tree in right.Trees) comparer.Same(tree, tree);
            return null;
        }
        catch (WorkLimitException e)
        {
            return $"the right answer is too large: {e.Message}";
        }
    }

    private static MathVerdict Judge(RightAnswer gold, string pred, MathOptions options, WorkBudget budget, ref string? extracted)
    {
        var parses = new Parses(options, budget);
        if (new AnswerExtractor(options, parses.First).Find(pred) is not { } found) return new(false, null, "no answer found",
            RewardOutcome.Unparsable);
        extracted = found.Text;
        var right = gold.Text;
        var where = $"({Describe(found.Source)})";
        var isShort = pred.Length <= AnswerExtractor.MaxAnswerLength;
        if (SameText(right, found.Text) || isShort && SameText(right, AnswerExtractor.Clean(pred))) return new(true, extracted,
            $"the same text {where}", RewardOutcome.Scored);
        if (found.Text.TrimEnd(' ', '$', '}') is [.., '?' or '\uFF1F']) return new(false, extracted, $"asks {where}", RewardOutcome.Scored);
        if (found.Text.Length > AnswerExtractor.MaxAnswerLength) return new(false, null,
            $"longer than {AnswerExtractor.MaxAnswerLength} characters {where}", RewardOutcome.Unparsable);
        if (SameChoice(right, isShort && found.Source is AnswerSource.LastNumber or AnswerSource.Formula ? AnswerExtractor.Clean(pred)
            : found.Text) is { } choice) return new(choice, extracted, $"{(choice ? "the same" : "another")} choice {where}",
            RewardOutcome.Scored);

        // A right answer "(A) 42" is both its letter and its content.
        if (gold.Content is { } content && SameText(content, found.Text)) return new(true, extracted, $"the content of the choice {where}",
            RewardOutcome.Scored);
        var candidates = parses.All(found.Text, isGold: false);
        var comparer = new AnswerComparer(options, budget);
        foreach (var answer in gold.Trees)
        {
            foreach (var candidate in candidates)
            {
                if (comparer.Same(answer, candidate) || ArbitraryConstants.Renamed(answer, candidate, budget).Any(renamed =>
                    comparer.Same(answer, renamed))) return new(true, extracted, $"equal {where}", RewardOutcome.Scored);
            }
        }
        if (gold.Trees is [Number { Value: var number }] && RomanNumerals.TryRead(Plain(found.Text).Trim()) is { } roman && number == roman)
            return new(true, extracted, $"equal {where}", RewardOutcome.Scored);
        if (gold.Trees.Count == 0 || candidates.Count == 0 || gold.Trees.Any(HasWords))
        {
            var same = (TextAnswers.Same(Plain(right), Plain(found.Text)) || gold.Trees.Count == 0
                && found.Source is AnswerSource.LastNumber && isShort
                && TextAnswers.Same(Plain(right), Plain(AnswerExtractor.Clean(pred)))) && right.Any(char.IsLetter) && !HasSigns(right)
                && !HasSigns(found.Text);
            return new(same, extracted, $"{(same ? "the same words" : "other words")} {where}", RewardOutcome.Scored);
        }
        return new(false, extracted, $"{Short(found.Text)} is not {Short(right)} {where}", RewardOutcome.Scored);
    }

    private static MathVerdict JudgeChoice(string gold, string pred, ref string? extracted)
    {
        var right = ChoiceLetters.Leading(gold) ?? ChoiceLetters.Find(gold);
        if (ChoiceLetters.Find(pred) is not { } chosen) return new(false, null, "no choice found", RewardOutcome.Unparsable);
        extracted = chosen.ToString();
        return new(chosen == right, extracted, chosen == right ? "the same choice" : $"{chosen} is not {right}", RewardOutcome.Scored);
    }

    // Equal after dropping what has no meaning in any notation; quick, and the only way for what nobody can parse.
    private static bool SameText(string a, string b) => a == b || Bare(a) == Bare(b);

    private static string Bare(string text)
    {
        var bare = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsWhiteSpace(text[i])
                && !(i > 0 && char.IsLetterOrDigit(text[i - 1]) && i + 1 < text.Length && char.IsLetterOrDigit(text[i + 1]))) continue;
            bare.Append(text[i]);
        }
        return bare.Replace("\\left", "").Replace("\\right", "").Replace("\\dfrac", "\\frac").Replace("\\tfrac", "\\frac")
            .Replace("\\!", "").ToString();
    }

    // The letters' verdict when the right answer is a choice and both are letters; null when that is not the question.
    private static bool? SameChoice(string gold, string predicted)
    {
        if (ChoiceLetters.Leading(gold) is not { } right) return null;
        if ((ChoiceLetters.Leading(predicted) ?? (AnswerPhrases.Find(predicted) is { } rest ? ChoiceLetters.Leading(rest)
            : null)) is { } chosen) return right == chosen;
        foreach (var end in ChosenLetter.Announced(predicted).Reverse())
        {
            if (ChosenLetter.Read(predicted.AsSpan(end), out var isSeveral) is { } announced) return !isSeveral && right == announced;
        }
        return null;
    }

    private static bool HasWords(Node node) => Tree.Walk(node).Any(part => part is Words { Text.Length: > 1 });

    private static string Plain(string text)
    {
        foreach (var command in (ReadOnlySpan<string>)["\\textbf", "\\textit", "\\textrm", "\\text", "\\mathrm", "\\mbox", "\\mathbf"])
            text = text.Replace(command, "", StringComparison.Ordinal);
        return text.Replace('{', ' ').Replace('}', ' ');
    }

    private static bool HasSigns(string text) =>
        text.AsSpan().ContainsAny(Signs) || text.Contains("\\frac", StringComparison.Ordinal)
        || text.Contains("\\sqrt", StringComparison.Ordinal);

    private static string Describe(AnswerSource source) => source switch
    {
        AnswerSource.AnswerTag => "answer tags",
        AnswerSource.Boxed => "boxed",
        AnswerSource.Whole => "whole text",
        AnswerSource.Phrase => "after a phrase",
        AnswerSource.Formula => "last formula",
        AnswerSource.LastNumber => "last number",
        _ => "text",
    };

    private static string Short(string text) => text.Length <= 60 ? text : text[..57] + "…";
}
