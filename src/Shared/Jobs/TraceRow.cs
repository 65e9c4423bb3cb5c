using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace R1Cloud.Shared.Jobs;

/// <summary>A sample of an RL iteration with all that became of it: a row of the iteration's trace (docs/traces.md).</summary>
public sealed class TraceRow
{
    /// <summary>The run that sampled it.</summary>
    [JsonPropertyName("run")]
    public string Run { get; set; } = "";
    /// <summary>The stage.</summary>
    [JsonPropertyName("stage")]
    public string Stage { get; set; } = "";
    /// <summary>The iteration, from 1 as metrics count them.</summary>
    [JsonPropertyName("iteration")]
    public int Iteration { get; set; }
    /// <summary>The question within the iteration; samples of one question are a group.</summary>
    [JsonPropertyName("question")]
    public int Question { get; set; }
    /// <summary>The sample of the question.</summary>
    [JsonPropertyName("sample")]
    public int Sample { get; set; }
    /// <summary>The prompt source; null where the stage has none.</summary>
    [JsonPropertyName("source")]
    public string? Source { get; set; }
    /// <summary>The problem's id.</summary>
    [JsonPropertyName("problem")]
    public string Problem { get; set; } = "";
    /// <summary>The problem's prompt.</summary>
    [JsonPropertyName("prompt")]
    public string Prompt { get; set; } = "";
    /// <summary>The right answer.</summary>
    [JsonPropertyName("answer")]
    public string? Answer { get; set; }
    /// <summary>What the model wrote.</summary>
    [JsonPropertyName("completion")]
    public string Completion { get; set; } = "";
    /// <summary>Tokens, the end mark included.</summary>
    [JsonPropertyName("tokens")]
    public int Tokens { get; set; }
    /// <summary>Whether it was cut off at the length limit.</summary>
    [JsonPropertyName("truncated")]
    public bool Truncated { get; set; }
    /// <summary>Whether the answer is right.</summary>
    [JsonPropertyName("correct")]
    public bool Correct { get; set; }
    /// <summary>Whether the form is right.</summary>
    [JsonPropertyName("formatted")]
    public bool Formatted { get; set; }
    /// <summary>The weighted sum of its rewards.</summary>
    [JsonPropertyName("reward")]
    public double Reward { get; set; }
    /// <summary>Whether a reward could not judge it and it was dropped.</summary>
    [JsonPropertyName("dropped")]
    public bool Dropped { get; set; }
    /// <summary>Its advantage, the mean over its tokens where they have their own; null where the update left it out.</summary>
    [JsonPropertyName("advantage")]
    public double? Advantage { get; set; }
    /// <summary>The checkpoint of the model that wrote it.</summary>
    [JsonPropertyName("policy")]
    public string? Policy { get; set; }
    /// <summary>What generated it: simd, torch or vllm.</summary>
    [JsonPropertyName("engine")]
    public string? Engine { get; set; }
    /// <summary>What each reward function said.</summary>
    [JsonPropertyName("rewards")]
    [SuppressMessage("Design", "MA0016", Justification = "The columns' format makes lists by this type.")]
    public List<TraceReward> Rewards { get; set; } = [];
}

/// <summary>What a reward function said of a sample.</summary>
public sealed class TraceReward
{
    /// <summary>The function.</summary>
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";
    /// <summary>The score, before its weight.</summary>
    [JsonPropertyName("score")]
    public double Score { get; set; }
    /// <summary>Its weight in the reward.</summary>
    [JsonPropertyName("weight")]
    public double Weight { get; set; }
    /// <summary>Why; begins with what happened instead where it is not a verdict's.</summary>
    [JsonPropertyName("reason")]
    public string Reason { get; set; } = "";
}
