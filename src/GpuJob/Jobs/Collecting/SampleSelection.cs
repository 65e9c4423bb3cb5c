using R1Cloud.GpuJob.Sampling;
using R1Cloud.Rewards.Language;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.GpuJob.Jobs.Collecting;

/// <summary>Decides which samples are kept, and says why not of the others: the first rule that a sample breaks.</summary>
internal sealed class SampleSelection
{
    private readonly IReadOnlyList<(string Reason, Func<SampledAnswer, bool> Drops)> rules;
    private readonly int keep;

    /// <summary>The rules of a stage, in the order in which they are asked.</summary>
    public SampleSelection(SampleStage stage)
    {
        keep = stage.Keep;
        rules = [("unjudged", answer => answer.Scored.Dropped), .. Filters(stage.Filters), .. stage.Minimums.Order(ByName).Select(minimum =>
            ($"below/{minimum.Key}",
                (Func<SampledAnswer, bool>)(answer =>
                    answer.Scored.Verdicts[minimum.Key] is var verdict && (!verdict.Judged || verdict.Score < minimum.Value))))];
    }

    private static Comparer<KeyValuePair<string, double>> ByName { get; } =
        Comparer<KeyValuePair<string, double>>.Create((x, y) => string.CompareOrdinal(x.Key, y.Key));

    /// <summary>Every reason that can be given, so that one that never occurs is counted 0.</summary>
    public IReadOnlyList<string> Reasons => [.. rules.Select(rule => rule.Reason), "same", "surplus"];

    /// <summary>Judges the samples of one question: null where a sample is kept, else why not.</summary>
    public IReadOnlyList<string?> Judge(IReadOnlyList<SampledAnswer> answers)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        return [.. answers.Select(answer =>
        {
            if (rules.FirstOrDefault(rule => rule.Drops(answer)) is { Reason: { } reason }) return reason;
            if (kept.Contains(answer.Text)) return "same";
            if (kept.Count == keep) return "surplus";
            kept.Add(answer.Text);
            return null;
        })];
    }

    private static IEnumerable<(string, Func<SampledAnswer, bool>)> Filters(SampleFilters filters)
    {
        if (filters.Truncated) yield return ("truncated", answer => !answer.Finished);
        if (filters.CodeBlocks) yield return ("code-block", answer => Thinking(answer.Text).Contains("```", StringComparison.Ordinal));
        if (filters.MaxParagraph > 0)
            yield return ("long-paragraph",
                answer => Thinking(answer.Text).Split("\n\n").Any(paragraph => paragraph.Trim().Length > filters.MaxParagraph));
        if (filters.Language is not null || filters.LanguageField is not null)
        {
            var reward = new LanguageConsistency(filters.Language is { } language
                ? new() { Language = language } : new() { Field = filters.LanguageField });
            yield return ("language",
                answer => reward.Score(Judged(answer)) is { Outcome: RewardOutcome.Scored } verdict && verdict.Score < filters.MinLanguage);
        }
        if (filters.MaxRepetition < 1)
        {
            var repetition = new Repetition(new() { MaxPenalty = -1, Unit = RepetitionUnit.Tokens });
            yield return ("repetition", answer => -repetition.Score(Judged(answer)).Score > filters.MaxRepetition);
        }
    }

    private static Completion Judged(SampledAnswer answer) =>
        new(answer.Text, answer.Problem.Answer, answer.Finished) { Fields = answer.Problem.Fields, Tokens = answer.Result.Tokens };

    // Up to where the thinking ends; a completion that does not think is looked at whole.
    private static string Thinking(string text) =>
        text.IndexOf("</think>", StringComparison.Ordinal) is >= 0 and var end ? text[..end] : text;
}
