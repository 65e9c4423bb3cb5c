using System.Collections.Frozen;
using System.Text.Json;

namespace R1Cloud.Rewards.Scoring;

/// <summary>A completion to score.</summary>
/// <param name="Text">The assistant's turn, without its end mark: what the prompt opened of it included.</param>
/// <param name="Answer">The right final answer.</param>
/// <param name="Finished">Whether it ended by itself rather than at the length limit.</param>
internal sealed record Completion(string Text, string Answer, bool Finished)
{
    /// <summary>What the model read.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>The conversation that it is; null where it is a text alone.</summary>
    public IReadOnlyList<JsonElement>? Messages { get; init; }

    /// <summary>The other columns of the problem's row, e.g. <c>tests</c>, <c>choices</c>, <c>instruction_id_list</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Fields { get; init; } = FrozenDictionary<string, JsonElement>.Empty;

    /// <summary>The completion's token ids, its end mark included.</summary>
    public IReadOnlyList<int> Tokens { get; init; } = [];

    /// <summary>Most tokens that a completion could have had; 0 where that is not known.</summary>
    public int MaxTokens { get; init; }

    /// <summary>What the recipe's other rewards say; filled in for those that are registered as looking at them.</summary>
    public IReadOnlyDictionary<string, Reward> Verdicts { get; init; } = FrozenDictionary<string, Reward>.Empty;
}

/// <summary>What a reward function says.</summary>
/// <param name="Score">The score, before its weight.</param>
/// <param name="Reason">Why, in a few words.</param>
/// <param name="Outcome">Whether the score is one.</param>
internal readonly record struct Reward(double Score, string Reason, RewardOutcome Outcome = RewardOutcome.Scored)
{
    /// <summary>
    /// Whether there is a verdict: an unparsable completion is one that earns nothing, a verifier that failed says nothing.
    /// </summary>
    public bool Judged => Outcome is RewardOutcome.Scored or RewardOutcome.Unparsable;

    /// <summary>The completion holds nothing to judge.</summary>
    public static Reward Unparsable(string reason) => new(0, reason, RewardOutcome.Unparsable);

    /// <summary>The verifier failed.</summary>
    public static Reward Failed(string reason) => new(0, reason, RewardOutcome.Error);
}

/// <summary>Whether a reward function reached a verdict. Only the first is a measurement; the others are counted apart.</summary>
internal enum RewardOutcome
{
    /// <summary>The score is a verdict.</summary>
    Scored,
    /// <summary>The completion holds nothing to judge; the score is 0.</summary>
    Unparsable,
    /// <summary>The verifier took too long.</summary>
    Timeout,
    /// <summary>The verifier failed.</summary>
    Error,
}

/// <summary>Scores one completion; thread-safe. What it throws counts as <see cref="RewardOutcome.Error"/>.</summary>
internal delegate Reward RewardFunction(Completion completion);
