using R1Cloud.Rewards.Scoring;

namespace R1Cloud.Rewards.Mathematics;

/// <summary>What the verifier says of an answer.</summary>
/// <param name="Correct">Whether it equals the right one.</param>
/// <param name="Extracted">The answer that was found in the text; null when none was.</param>
/// <param name="Reason">Why, in a few words.</param>
/// <param name="Outcome">Whether a verdict was reached; <see cref="Correct"/> is false where not.</param>
internal readonly record struct MathVerdict(bool Correct, string? Extracted, string Reason, RewardOutcome Outcome);
