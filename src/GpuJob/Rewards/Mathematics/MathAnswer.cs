using System.Buffers;
using System.Text;
using R1Cloud.GpuJob.Rewards.Mathematics.Equality;
using R1Cloud.GpuJob.Rewards.Mathematics.Extraction;
using R1Cloud.GpuJob.Rewards.Mathematics.Parsing;
using R1Cloud.GpuJob.Rewards.Mathematics.Trees;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Rewards.Mathematics;

/// <summary>
/// The accuracy reward of mathematics: finds the final answer in a completion and decides whether it is worth the same as the right one. Never throws,
/// and stops within <see cref="MathOptions.TimeLimitMs"/> whatever the input.
/// </summary>
internal static class MathAnswer
{
    private static readonly SearchValues<char> Signs = SearchValues.Create("+*/^=<>|_");
    private const int MaxSteps = 60_000;
    private const int MaxTimeLimitMs = 30;

    /// <summary>Compiles what answers need, so that the first ones do not spend their time on it.</summary>
    static MathAnswer()
    {
        foreach (var (gold, pred) in ((string, string)[])
            [("\\frac{1}{2}", "so \\boxed{0.5}"), ("$(x+1)^2$", "The answer is $x^2+2x+1$."), ("x^2<4", "$x \\in (-2,2)$"), ("\\sqrt{12}", "2\\sqrt{3}"), ("\\sin x", "\\cos(x-\\pi/2)"),
             ("5 cm", "50 mm"), ("x=1, y=2", "(1,2)"), ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)"), ("10\\%", "0.1"), ("blue", "red"), ("x+y=1", "y=1-x"), ("C", "so it is 5")])
        {
            Judge(gold, pred, MathOptions.Default);
        }
    }

    /// <summary>Scores a completion by the default options: 1 when right, else 0.</summary>
    public static Reward Score(Completion completion) => Score(completion, MathOptions.Default);

    /// <summary>Scores a completion: 1 when right, else 0; one that is cut off or has no answer is unparsable.</summary>
    public static Reward Score(Completion completion, MathOptions options)
    {
        if (!completion.Finished) return new(0, "cut off at the length limit", RewardOutcome.Unparsable);
        if (completion.Answer.Length == 0) return Reward.Failed("the problem has no right answer");
        var verdict = Judge(completion.Answer, completion.Text, options);
        return new(verdict.Correct ? 1 : 0, verdict.Reason, verdict.Outcome);
    }

    /// <summary>Judges a text against the right answer.</summary>
    /// <param name="gold">The right answer: a formula, words, or a solution with a marked answer.</param>
    /// <param name="pred">The text to judge.</param>
    /// <param name="options">The policies.</param>
    public static MathVerdict Judge(string gold, string pred, MathOptions options)
    {
        var budget = new WorkBudget(MaxSteps, TimeSpan.FromMilliseconds(Math.Min(options.TimeLimitMs, MaxTimeLimitMs)));
        string? extracted = null;
        try
        {
            return Judge(gold, pred, options, budget, ref extracted);
        }
        catch (WorkLimitException e)
        {
            return new(false, extracted, e.Message, RewardOutcome.Timeout);
        }
        catch (Exception e)
        {
            // A fault of the verifier is told as such, never as a wrong answer.
            return new(false, extracted, $"{e.GetType().Name}: {e.Message}", RewardOutcome.Error);
        }
    }

    private static MathVerdict Judge(string gold, string pred, MathOptions options, WorkBudget budget, ref string? extracted)
    {
        if (options.Kind == AnswerKind.Choice) return JudgeChoice(gold, pred, ref extracted);

        var parses = new Parses(options, budget);
        var extractor = new AnswerExtractor(options, parses.First);
        var right = extractor.FindGold(gold)?.Text ?? AnswerExtractor.Clean(gold);
        if (extractor.Find(pred) is not { } found)
        {
            return gold.Length == 0 && pred.Length == 0 ? new(true, "", "both are empty", RewardOutcome.Scored) : new(false, null, "no answer found", RewardOutcome.Unparsable);
        }
        extracted = found.Text;
        var where = $"({Describe(found.Source)})";
        if (right.Length == 0) return new(false, extracted, $"the right answer is empty {where}", RewardOutcome.Scored);
        if (SameText(right, found.Text) || pred.Length <= AnswerExtractor.MaxAnswerLength && SameText(right, AnswerExtractor.Clean(pred))) return new(true, extracted, $"the same text {where}", RewardOutcome.Scored);
        if (SameChoice(right, pred.Length <= AnswerExtractor.MaxAnswerLength && found.Source is AnswerSource.LastNumber or AnswerSource.Formula ? AnswerExtractor.Clean(pred) : found.Text) is { } choice) return new(choice, extracted, $"{(choice ? "the same" : "another")} choice {where}", RewardOutcome.Scored);

        // A right answer "(A) 42" is both its letter and its content.
        var content = ChoiceLetters.Content(right);
        if (content is not null && SameText(content, found.Text)) return new(true, extracted, $"the content of the choice {where}", RewardOutcome.Scored);
        List<Node> answers = parses.All(content ?? right), candidates = parses.All(found.Text);
        var comparer = new AnswerComparer(options, budget);
        foreach (var answer in answers)
        {
            foreach (var candidate in candidates)
            {
                if (comparer.Same(answer, candidate)) return new(true, extracted, $"equal {where}", RewardOutcome.Scored);
            }
        }
        if (answers.Count == 0 || candidates.Count == 0 || answers.Any(HasWords))
        {
            var same = (TextAnswers.Same(Plain(right), Plain(found.Text)) || answers.Count == 0 && found.Source is AnswerSource.LastNumber && pred.Length <= AnswerExtractor.MaxAnswerLength && TextAnswers.Same(Plain(right), Plain(AnswerExtractor.Clean(pred)))) && right.Any(char.IsLetter) && !HasSigns(right) && !HasSigns(found.Text);
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

    /// <summary>Equal after dropping what has no meaning in any notation; quick, and the only way for what nobody can parse.</summary>
    private static bool SameText(string a, string b) => a == b || Bare(a) == Bare(b);

    private static string Bare(string text)
    {
        var bare = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsWhiteSpace(text[i]) && !(i > 0 && char.IsLetterOrDigit(text[i - 1]) && i + 1 < text.Length && char.IsLetterOrDigit(text[i + 1]))) continue;
            bare.Append(text[i]);
        }
        return bare.Replace("\\left", "").Replace("\\right", "").Replace("\\dfrac", "\\frac").Replace("\\tfrac", "\\frac").Replace("\\!", "").ToString();
    }

    /// <summary>The letters' verdict when the right answer is a choice and both are letters; null when that is not the question.</summary>
    private static bool? SameChoice(string gold, string predicted)
    {
        if (ChoiceLetters.Leading(gold) is not { } right) return null;
        if ((ChoiceLetters.Leading(predicted) ?? (AnswerPhrases.Find(predicted) is { } rest ? ChoiceLetters.Leading(rest) : null)) is not { } chosen) return null;
        return right == chosen;
    }

    private static bool HasWords(Node node) => Tree.Walk(node).Any(part => part is Words { Text.Length: > 1 });

    private static string Plain(string text)
    {
        foreach (var command in (ReadOnlySpan<string>)["\\textbf", "\\textit", "\\textrm", "\\text", "\\mathrm", "\\mbox", "\\mathbf"]) text = text.Replace(command, "", StringComparison.Ordinal);
        return text.Replace('{', ' ').Replace('}', ' ');
    }

    private static bool HasSigns(string text) => text.AsSpan().ContainsAny(Signs) || text.Contains("\\frac", StringComparison.Ordinal) || text.Contains("\\sqrt", StringComparison.Ordinal);

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

    /// <summary>Parses of one text, by the ways in which numbers may be written.</summary>
    private sealed class Parses(MathOptions options, WorkBudget budget)
    {
        private readonly Dictionary<string, Node?> first = new(StringComparer.Ordinal);

        public Node? First(string text)
        {
            if (text.Length > AnswerExtractor.MaxAnswerLength) return null;
            if (!first.TryGetValue(text, out var node)) first.Add(text, node = AnswerParser.TryParse(text, new(ThousandsComma: true, DecimalComma: false), budget));
            return node;
        }

        public List<Node> All(string text)
        {
            var all = new List<Node>();
            if (text.Length > AnswerExtractor.MaxAnswerLength) return all;
            if (First(text) is { } node) all.Add(node);
            if (HasAmbiguousComma(text) && AnswerParser.TryParse(text, new(ThousandsComma: false, DecimalComma: false), budget) is { } list) all.Add(list);
            if (options.DecimalComma && text.Contains(',', StringComparison.Ordinal) && AnswerParser.TryParse(text, new(ThousandsComma: false, DecimalComma: true), budget) is { } european) all.Add(european);
            return all;
        }

        /// <summary>Whether a comma may be both: 100,200 is two numbers or one.</summary>
        private static bool HasAmbiguousComma(string text)
        {
            for (var i = 1; i + 3 < text.Length; i++)
            {
                if (text[i] == ',' && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]) && char.IsAsciiDigit(text[i + 2]) && char.IsAsciiDigit(text[i + 3])) return true;
            }
            return false;
        }
    }
}
