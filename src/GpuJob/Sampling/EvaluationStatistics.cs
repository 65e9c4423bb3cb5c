using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;

namespace R1Cloud.GpuJob.Sampling;

/// <summary>What several samples a problem tell.</summary>
internal static class EvaluationStatistics
{
    /// <summary>
    /// The chance that of k samples at least one is right, without bias: 1 − C(n − c, k) / C(n, k) (Codex, arXiv 2107.03374).
    /// </summary>
    /// <param name="samples">Samples that there are (n).</param>
    /// <param name="right">Right ones among them (c).</param>
    /// <param name="k">Samples that count.</param>
    /// <exception cref="ArgumentOutOfRangeException">k is not 1 to n, or c not 0 to n.</exception>
    public static double PassAtK(int samples, int right, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, samples);
        ArgumentOutOfRangeException.ThrowIfNegative(right);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(right, samples);
        if (samples - right < k) return 1;
        var allWrong = 1.0;
        for (var i = samples - right + 1; i <= samples; i++) allWrong *= 1 - (k / (double)i);
        return 1 - allWrong;
    }

    /// <summary>
    /// Whether the answer that most samples give is right; of equally many the one that came first. A sample without an answer does not
    /// vote.
    /// </summary>
    /// <param name="votes">Each sample's answer, null for none, and whether it is right.</param>
    public static bool MajorityIsRight(IEnumerable<(string? Answer, bool Right)> votes) =>
        votes.Where(vote => vote.Answer is not null).GroupBy(vote => vote.Answer, StringComparer.Ordinal).MaxBy(group => group.Count())
            ?.Any(vote => vote.Right) ?? false;

    /// <summary>
    /// What a completion gives as its answer: the text in the answer tags, else in the last box, else what follows the thinking.
    /// </summary>
    public static string? AnswerOf(Completion completion) =>
        (AnswerText.Of(completion, R1Cloud.Shared.Recipes.Rewards.AnswerPart.AnswerTags) ?? AnswerText.LastBoxed(completion.Text)
            ?? AnswerText.Of(completion, R1Cloud.Shared.Recipes.Rewards.AnswerPart.AfterThinking))?.Trim();
}
