using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Rewards;

/// <summary>A completion to score.</summary>
/// <param name="Text">The completion, without its end mark.</param>
/// <param name="Answer">The right final answer.</param>
/// <param name="Finished">Whether it ended by itself rather than at the length limit.</param>
internal sealed record Completion(string Text, string Answer, bool Finished);

/// <summary>What a reward function says.</summary>
/// <param name="Score">The score, before its weight.</param>
/// <param name="Reason">Why, in a few words.</param>
/// <param name="Outcome">Whether the score is one.</param>
internal readonly record struct Reward(double Score, string Reason, RewardOutcome Outcome = RewardOutcome.Scored);

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

/// <summary>Scores one completion; pure and quick.</summary>
internal delegate Reward RewardFunction(Completion completion);

/// <summary>The registry of reward functions by the name that recipes use.</summary>
internal static class RewardFunctions
{
    private static readonly Dictionary<string, RewardFunction> Known = new(StringComparer.Ordinal)
    {
        ["accuracy/exact"] = ExactAnswer.Score,
        ["accuracy/math"] = Mathematics.MathAnswer.Score,
        ["format/think-answer"] = ThinkAnswerFormat.Score,
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>The function of that name.</summary>
    /// <exception cref="BadInputException">There is none; the message lists those there are.</exception>
    public static RewardFunction Get(string name) =>
        Known.TryGetValue(name, out var function)
            ? function
            : throw new BadInputException($"There is no reward '{name}'. Known: {string.Join(", ", Known.Keys.Order())}.");
}
