using R1Cloud.GpuJob.Models;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>One sampled completion with what the update needs to know of it.</summary>
internal sealed record RolloutRow
{
    /// <summary>The question within the iteration: rows of one question are a group.</summary>
    public required int Question { get; init; }

    /// <summary>The prompt's token ids.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>The completion's token ids, its end mark included.</summary>
    public required int[] Completion { get; init; }

    /// <summary>Log-probability of each completion token under the distribution that it was sampled from.</summary>
    public required float[] LogProbs { get; init; }

    /// <summary>Log-probability of each token under the plain policy: temperature 1, nothing truncated.</summary>
    public required float[] PolicyLogProbs { get; init; }

    /// <summary>The weighted sum of its rewards.</summary>
    public required float Reward { get; init; }

    /// <summary>Whether it was cut off at the length limit.</summary>
    public required bool Truncated { get; init; }

    /// <summary>Whether a reward could not judge it and the recipe drops such samples: <see cref="Reward"/> means nothing then.</summary>
    public bool Dropped { get; init; }

    /// <summary>The row as a sequence whose completion is scored.</summary>
    public TokenSequence Sequence() => new([.. Prompt, .. Completion], Prompt.Length);

    /// <summary>Tokens in all.</summary>
    public int Length => Prompt.Length + Completion.Length;
}
