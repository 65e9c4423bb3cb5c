using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>The text of a final answer and where it was found.</summary>
internal readonly record struct Extracted(string Text, AnswerSource Source);
