using R1Cloud.GpuJob.Sampling;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>A completion for people to read: one JSON line.</summary>
internal sealed record SampleRow
{
    /// <summary>The prompt source; null where the stage has none.</summary>
    public string? Source { get; init; }
    /// <summary>The problem's prompt.</summary>
    public required string Question { get; init; }
    /// <summary>The right answer.</summary>
    public required string Answer { get; init; }
    /// <summary>What the model wrote.</summary>
    public required string Completion { get; init; }
    /// <summary>Whether the answer is right.</summary>
    public required bool Correct { get; init; }
    /// <summary>Whether the form is right.</summary>
    public required bool Formatted { get; init; }
    /// <summary>Whether it was decoded greedily.</summary>
    public bool Greedy { get; init; }
    /// <summary>Tokens, the end mark included.</summary>
    public required int Tokens { get; init; }
    /// <summary>The reward.</summary>
    public required double Reward { get; init; }
    /// <summary>Whether a reward could not judge it and the recipe drops such samples.</summary>
    public bool Dropped { get; init; }
    /// <summary>Why, by reward function.</summary>
    public required IReadOnlyDictionary<string, string> Reasons { get; init; }
    /// <summary>The score by reward function; their weights are in the recipe.</summary>
    public required IReadOnlyDictionary<string, double> Scores { get; init; }
    /// <summary>The problem's id.</summary>
    public required string Problem { get; init; }
    /// <summary>Whether it was cut off at the length limit.</summary>
    public required bool Truncated { get; init; }
    /// <summary>The iteration, from 1 as metrics count them; null outside of rollouts.</summary>
    public int? Iteration { get; init; }
    /// <summary>The question: within the iteration, or within the evaluation.</summary>
    public required int Number { get; init; }
    /// <summary>The sample of the question.</summary>
    public required int Sample { get; init; }
    /// <summary>The step of the model that answered; null where its checkpoint does not say.</summary>
    public int? Checkpoint { get; init; }
    /// <summary>The checkpoint of the model that answered; null in rows of earlier versions and outside of rollouts.</summary>
    public string? Policy { get; init; }
    /// <summary>What generated it; null in rows of earlier versions and outside of rollouts.</summary>
    public string? Engine { get; init; }

    /// <summary>Describes an answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="number">The question.</param>
    /// <param name="sample">The sample of the question.</param>
    /// <param name="checkpoint">The checkpoint of the model that answered.</param>
    public static SampleRow Create(SampledAnswer answer, int number, int sample, string checkpoint) => new()
    {
        Number = number,
        Sample = sample,
        Checkpoint = BlobLayout.StepOf(checkpoint),
        Problem = answer.Problem.Id,
        Question = answer.Problem.Prompt,
        Answer = answer.Problem.Answer,
        Completion = answer.Text,
        Truncated = !answer.Finished,
        Correct = answer.IsRight(),
        Formatted = answer.Scored.OfFamily("format") >= 1,
        Tokens = answer.Result.Tokens.Length,
        Reward = answer.Scored.Total,
        Dropped = answer.Scored.Dropped,
        Scores = answer.Scored.Verdicts.ToDictionary(verdict => verdict.Key, verdict => verdict.Value.Score),
        Reasons = answer.Scored.Verdicts.ToDictionary(verdict => verdict.Key,
            verdict => verdict.Value.Outcome == RewardOutcome.Scored
            ? verdict.Value.Reason : $"{verdict.Value.Outcome.ToString().ToLowerInvariant()}: {verdict.Value.Reason}"),
    };
}
