using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Rewards.Mathematics.Extraction;

/// <summary>The text of a final answer and where it was found.</summary>
internal readonly record struct Extracted(string Text, AnswerSource Source);
