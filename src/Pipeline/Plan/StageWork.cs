using R1Cloud.Shared.Memory;

namespace R1Cloud.Pipeline.Plan;

/// <summary>A stage's work, whatever it is done on.</summary>
public sealed record StageWork
{
    /// <summary>Tokens sampled.</summary>
    public double GeneratedTokens { get; init; }
    /// <summary>Tokens in forward and backward passes, prompts included.</summary>
    public double TrainedTokens { get; init; }
    /// <summary>Tokens in forward passes of the reference model, prompts included.</summary>
    public double ScoredTokens { get; init; }
    /// <summary>Operations of generating, reading the prompts included.</summary>
    public double GenerationFlops { get; init; }
    /// <summary>Operations of training and scoring.</summary>
    public double TrainingFlops { get; init; }
    /// <summary>Those of <see cref="GenerationFlops"/> whose jobs fan out; the rest is one worker's.</summary>
    public double FannedFlops { get; init; }
    /// <summary>Jobs that the fanned part is cut into at a time.</summary>
    public int Shards { get; init; } = 1;
    /// <summary>Jobs that training is cut into at a time.</summary>
    public int TrainingShards { get; init; } = 1;
    /// <summary>Parts of each that a worker's devices compute at once.</summary>
    public int TrainingReplicas { get; init; } = 1;
    /// <summary>What its jobs keep in a device's memory; null where none needs a device.</summary>
    public MemoryDemand? Memory { get; init; }
    /// <summary>Bytes of checkpoints that stay.</summary>
    public double CheckpointBytes { get; init; }
    /// <summary>Bytes of rollouts and of files of data rows.</summary>
    public double RolloutBytes { get; init; }

    /// <summary>The sums; the shards are those of the part that has more, the memory is the first's, else the second's.</summary>
    public static StageWork operator +(StageWork a, StageWork b) => new()
    {
        GeneratedTokens = a.GeneratedTokens + b.GeneratedTokens,
        TrainedTokens = a.TrainedTokens + b.TrainedTokens,
        ScoredTokens = a.ScoredTokens + b.ScoredTokens,
        GenerationFlops = a.GenerationFlops + b.GenerationFlops,
        TrainingFlops = a.TrainingFlops + b.TrainingFlops,
        FannedFlops = a.FannedFlops + b.FannedFlops,
        Shards = Math.Max(a.Shards, b.Shards),
        TrainingShards = Math.Max(a.TrainingShards, b.TrainingShards),
        TrainingReplicas = Math.Max(a.TrainingReplicas, b.TrainingReplicas),
        Memory = a.Memory ?? b.Memory,
        CheckpointBytes = a.CheckpointBytes + b.CheckpointBytes,
        RolloutBytes = a.RolloutBytes + b.RolloutBytes,
    };
}
