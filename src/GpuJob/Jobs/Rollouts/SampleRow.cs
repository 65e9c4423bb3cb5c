using System.Text.Json;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;

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

    /// <summary>Describes a scored completion.</summary>
    public static SampleRow Create(Tasks.Problem problem, string text, int tokens, ScoredCompletion scored, bool greedy = false) => new()
    {
        Question = problem.Prompt,
        Answer = problem.Answer,
        Completion = text,
        Correct = scored.OfFamily("accuracy") >= 1,
        Formatted = scored.OfFamily("format") >= 1,
        Greedy = greedy,
        Tokens = tokens,
        Reward = scored.Total,
        Dropped = scored.Dropped,
        Reasons = scored.Verdicts.ToDictionary(verdict => verdict.Key,
            verdict => verdict.Value.Outcome == RewardOutcome.Scored
            ? verdict.Value.Reason : $"{verdict.Value.Outcome.ToString().ToLowerInvariant()}: {verdict.Value.Reason}"),
    };

    /// <summary>Rows as JSON lines.</summary>
    public static BinaryData ToJsonLines(IEnumerable<SampleRow> rows)
    {
        using var buffer = new MemoryStream();
        foreach (var row in rows)
        {
            JsonSerializer.Serialize(buffer, row, R1Json.Options);
            buffer.WriteByte((byte)'\n');
        }
        return new BinaryData(buffer.ToArray());
    }
}
