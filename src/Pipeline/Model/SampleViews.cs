namespace R1Cloud.Pipeline.Model;

/// <summary>Where a run has sample rows.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Sets">The sets, the newest last.</param>
public sealed record SampleSets(string RunId, IReadOnlyList<SampleSetView> Sets);

/// <summary>Rows of one model's answers.</summary>
/// <param name="Stage">The stage's label.</param>
/// <param name="Source">What asked: <c>rollout</c> or <c>evaluate</c>.</param>
/// <param name="Iteration">The iteration, from 1 as metrics count them; for an evaluation the model's step.</param>
/// <param name="Shards">Shards that were ordered, for rollouts.</param>
/// <param name="ShardsDone">Shards that have their rows.</param>
/// <param name="Updated">Whether the update that learns from them is done, for rollouts.</param>
/// <param name="Benchmark">The benchmark, for an evaluation.</param>
public sealed record SampleSetView(string Stage, string Source, int Iteration, int? Shards = null, int? ShardsDone = null,
    bool? Updated = null, string? Benchmark = null);

/// <summary>A page of a set's rows.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Stage">The stage's label.</param>
/// <param name="Source">What asked: <c>rollout</c> or <c>evaluate</c>.</param>
/// <param name="Iteration">The iteration, from 1; for an evaluation the model's step.</param>
/// <param name="Total">Rows of the set so far.</param>
/// <param name="Matching">Rows of them that are asked for.</param>
/// <param name="Rows">The page.</param>
/// <param name="Next">What to give as <c>after</c> for the next page; null where this is the last.</param>
/// <param name="Benchmark">The benchmark, for an evaluation.</param>
public sealed record SampleRows(string RunId, string Stage, string Source, int Iteration, int Total, int Matching,
    IReadOnlyList<SampleRowView> Rows, string? Next = null, string? Benchmark = null);

/// <summary>One answer.</summary>
public sealed record SampleRowView
{
    /// <summary>The question within the iteration.</summary>
    public required int Question { get; init; }
    /// <summary>The sample of the question.</summary>
    public required int Sample { get; init; }
    /// <summary>The problem's id; null in rows of earlier versions.</summary>
    public string? Problem { get; init; }
    /// <summary>The prompt source; null where the stage has none.</summary>
    public string? Prompts { get; init; }
    /// <summary>The step of the model that answered; null in rows of earlier versions.</summary>
    public int? Checkpoint { get; init; }
    /// <summary>What generated it (<c>simd</c>, <c>torch</c>, <c>vllm</c>); null where the row does not say.</summary>
    public string? Engine { get; init; }
    /// <summary>The problem's prompt, perhaps cut.</summary>
    public required string Prompt { get; init; }
    /// <summary>Characters of the whole prompt.</summary>
    public required int PromptChars { get; init; }
    /// <summary>What the model wrote, perhaps cut.</summary>
    public required string Completion { get; init; }
    /// <summary>Characters of the whole completion.</summary>
    public required int CompletionChars { get; init; }
    /// <summary>The right answer.</summary>
    public string? Answer { get; init; }
    /// <summary>Whether the model's answer is right.</summary>
    public bool? Correct { get; init; }
    /// <summary>Whether the form is right.</summary>
    public bool? Formatted { get; init; }
    /// <summary>Whether it was decoded greedily.</summary>
    public bool Greedy { get; init; }
    /// <summary>Whether it was cut off at the length limit; null in rows of earlier versions.</summary>
    public bool? Truncated { get; init; }
    /// <summary>Whether a reward could not judge it and it was dropped.</summary>
    public bool Dropped { get; init; }
    /// <summary>Tokens, the end mark included.</summary>
    public int? Tokens { get; init; }
    /// <summary>The reward.</summary>
    public double? Reward { get; init; }
    /// <summary>
    /// Its advantage, once the update that learns from it is done; null in rollouts of earlier versions, and where the update left it out.
    /// </summary>
    public double? Advantage { get; init; }
    /// <summary>Whether the update learned from it; null before it is done, and in rollouts of earlier versions.</summary>
    public bool? Used { get; init; }
    /// <summary>What each reward function said.</summary>
    public required IReadOnlyList<SampleReward> Rewards { get; init; }
}

/// <summary>What a reward function said of an answer.</summary>
/// <param name="Name">The function.</param>
/// <param name="Outcome"><c>scored</c>, <c>unparsable</c>, <c>timeout</c> or <c>error</c>.</param>
/// <param name="Reason">Why.</param>
/// <param name="Score">The score; null in rows of earlier versions.</param>
/// <param name="Weight">Its weight in the reward; null for evaluations.</param>
public sealed record SampleReward(string Name, string Outcome, string Reason, double? Score = null, double? Weight = null);
