using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Losses;

/// <summary>What a policy loss is computed from; B rows, C completion positions, left-aligned.</summary>
internal sealed record PolicyLossInput
{
    /// <summary>log π of the sampled tokens under the distribution that was sampled [B, C]; differentiable.</summary>
    public required Tensor LogProbs { get; init; }
    /// <summary>log π_old as recorded at sampling [B, C]; null takes the current ones, detached (ratio 1).</summary>
    public Tensor? OldLogProbs { get; init; }
    /// <summary>
    /// What each token's part of the policy loss is multiplied by [B, C], to correct for a sampler that is not quite π_old; null for 1. The
    /// KL term is not.
    /// </summary>
    public Tensor? TokenWeights { get; init; }
    /// <summary>log π_ref [B, C]; needed when the KL weight is above 0.</summary>
    public Tensor? ReferenceLogProbs { get; init; }
    /// <summary>log π_teacher [B, C]; its part of the advantages is log π_teacher − log π, in no gradient. Null for none.</summary>
    public Tensor? TeacherLogProbs { get; init; }
    /// <summary>The weight of that part.</summary>
    public double TeacherWeight { get; init; }
    /// <summary>Entropy at each position [B, C], for the metrics and the choice of high-entropy tokens.</summary>
    public Tensor? Entropy { get; init; }
    /// <summary>From which entropy a token counts as high in the whole mini-batch; null takes the quantile of these rows.</summary>
    public double? EntropyThreshold { get; init; }
    /// <summary>Advantage of each row [B], or of each token [B, C].</summary>
    public required Tensor Advantages { get; init; }
    /// <summary>1 at tokens that count, 0 elsewhere, float [B, C].</summary>
    public required Tensor Mask { get; init; }
    /// <summary>Rows of the whole mini-batch, of which these may be a part: parts' losses and metrics add up.</summary>
    public required double TotalRows { get; init; }
    /// <summary>Tokens that count in the whole mini-batch.</summary>
    public required double TotalTokens { get; init; }
}

/// <summary>A loss and what it tells.</summary>
/// <param name="Loss">Scalar; differentiable.</param>
/// <param name="Metrics">Detached scalars by metric name, still on the device.</param>
internal sealed record PolicyLossResult(Tensor Loss, IReadOnlyDictionary<string, Tensor> Metrics);
