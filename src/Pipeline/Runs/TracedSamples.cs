using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Rows of a trace as those of rollouts are shown.</summary>
internal static class TracedSamples
{
    /// <summary>The row for people.</summary>
    public static SampleRowView View(TraceRow row) => new()
    {
        Question = row.Question, Sample = row.Sample, Problem = row.Problem, Prompts = row.Source,
        Checkpoint = row.Policy is null ? null : BlobLayout.StepOf(row.Policy), Engine = row.Engine,
        Prompt = row.Prompt, PromptChars = row.Prompt.Length,
        Completion = row.Completion, CompletionChars = row.Completion.Length, Answer = row.Answer, Correct = row.Correct,
        Formatted = row.Formatted, Truncated = row.Truncated, Dropped = row.Dropped, Tokens = row.Tokens, Reward = row.Reward,
        Advantage = row.Advantage, Used = row.Advantage is not null,
        Rewards = [.. row.Rewards.Select(reward => StoredSample.RewardOf(reward.Name, reward.Reason, reward.Score, reward.Weight))],
    };
}
