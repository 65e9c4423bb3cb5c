using System.Text.Json;
using R1Cloud.Rewards.Scoring;

namespace R1Cloud.Rewards.Grading;

/// <summary>A verdict of <c>gpujob grade</c>.</summary>
/// <param name="Score">The score.</param>
/// <param name="Correct">Whether it is the full score.</param>
/// <param name="Extracted">The answer that was found in the text, where the reward looks for one.</param>
/// <param name="Reason">Why.</param>
/// <param name="Outcome">Whether a verdict was reached.</param>
internal readonly record struct Grade(double Score, bool Correct, string? Extracted, string Reason, RewardOutcome Outcome);

/// <summary>Grades a row.</summary>
/// <param name="completion">The row's completion, right answer and other columns.</param>
/// <param name="options">The row's options; undefined when it has none.</param>
internal delegate Grade Grader(Completion completion, JsonElement options);
