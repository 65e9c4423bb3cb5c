using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>A policy loss by name with its options (DeepSeek-R1 section 2.1; DeepSeekMath section 4.1 for GRPO).</summary>
public sealed record PolicyLossRecipe
{
    /// <summary>The registered loss.</summary>
    [Known(nameof(KnownNames.Losses))]
    public string Name { get; init; } = "grpo";

    /// <summary>Lower clip: ratios below 1 − this are clipped.</summary>
    [Bounds(Above = 0)]
    public double ClipLow { get; init; } = 0.2;

    /// <summary>Upper clip: ratios above 1 + this are clipped.</summary>
    [Bounds(Above = 0)]
    public double ClipHigh { get; init; } = 0.2;

    /// <summary>Cap on the unclipped ratio as well (dual clip); above 1 + clipHigh. Null for none.</summary>
    [Bounds(Above = 1)]
    public double? TwoSidedClip { get; init; }

    /// <summary>
    /// Whether the importance ratio is the sequence's, its geometric mean over tokens, rather than each token's; null for what the loss
    /// does by itself.
    /// </summary>
    public bool? SequenceRatio { get; init; }

    /// <summary>Temperatures of sapo's gate.</summary>
    public GateTemperatures GateTemperatures { get; init; } = new();

    /// <summary>The shape of vespo's weight for completions of positive advantage, whose probability grows.</summary>
    public WeightShape Given { get; init; } = new() { K = 2, Lambda = 3 };

    /// <summary>The same for those of negative advantage.</summary>
    public WeightShape Taken { get; init; } = new() { K = 3, Lambda = 2 };

    /// <summary>
    /// Share of the tokens, those of highest entropy in a mini-batch, that the loss acts on; 1 for all. The KL term acts on all of them.
    /// </summary>
    [Bounds(Above = 0, Max = 1)]
    public double HighEntropyShare { get; init; } = 1;

    /// <summary>
    /// Completions of negative advantage whose mean of log π_old − log π is above this are left out of the loss; null for none.
    /// </summary>
    [Bounds(Min = 0)]
    public double? OffPolicyThreshold { get; init; }

    /// <summary>
    /// Where π_old's log-probabilities come from; null for recorded where the trainer itself samples, and recomputed with another engine.
    /// </summary>
    public OldLogProbs? OldLogProbs { get; init; }

    /// <summary>
    /// What is done about the difference between sampler and trainer; needs recomputed log-probabilities. Null for nothing where the
    /// trainer itself samples, and token-truncate at 2 with another engine.
    /// </summary>
    public MismatchRecipe? Mismatch { get; init; }

    /// <summary>Weight β of the KL term; 0 needs no reference model.</summary>
    [Bounds(Min = 0)]
    public double KlWeight { get; init; }

    /// <summary>The KL estimator inside the loss. By itself k1 has no place there: its gradient is the same for every reference.</summary>
    public KlEstimator KlEstimator { get; init; } = KlEstimator.K3;

    /// <summary>Whether the KL term is weighted by the importance ratio, which makes its gradient unbiased off policy.</summary>
    public bool KlTimesRatio { get; init; }

    /// <summary>
    /// Whether the KL estimate is taken off the reward at each token, so that advantages bear what follows a token, instead of being a term
    /// of the loss (REINFORCE++, arXiv 2501.03262); with advantageScale none or batch-tokens.
    /// </summary>
    public bool KlInReward { get; init; }

    /// <summary>
    /// The KL estimator that is measured, whatever the loss does with a reference model, which this loads; null measures the loss's own
    /// where it has one.
    /// </summary>
    public KlEstimator? KlMetric { get; init; }

    /// <summary>How token losses become one number; null for what the loss does by itself (grpo, gspo and sapo: sequence-mean).</summary>
    public LossAggregation? Aggregation { get; init; }

    /// <summary>What rewards are compared with.</summary>
    public AdvantageBaseline AdvantageBaseline { get; init; } = AdvantageBaseline.GroupMean;

    /// <summary>What advantages are divided by.</summary>
    public AdvantageScale AdvantageScale { get; init; } = AdvantageScale.Group;

    /// <summary>Whether completions cut off at the length limit are left out of the loss.</summary>
    public bool MaskTruncated { get; init; }

    /// <summary>
    /// Whether groups whose rewards are all equal are left out of the batch, which is smaller then; dynamic sampling fills it up.
    /// </summary>
    public bool DropEqualGroups { get; init; }

    /// <summary>Whether advantages have a KL estimate in them.</summary>
    public bool TakesKlOffReward() => KlInReward && KlWeight > 0;

    /// <summary>Whether π_old is computed by the trainer.</summary>
    public bool Recomputes(SamplingEngine engine) => OldLogProbs switch
    {
        Recipes.OldLogProbs.Recomputed => true,
        Recipes.OldLogProbs.Recorded => false,
        _ => engine != SamplingEngine.Own,
    };

    /// <summary>What is done about the mismatch; null for nothing.</summary>
    public MismatchRecipe? Correction(SamplingEngine engine) => !Recomputes(engine) ? null
        : (Mismatch ?? (engine == SamplingEngine.Own ? null : new MismatchRecipe())) is { Mode: not MismatchMode.None } mismatch
            ? mismatch : null;

    /// <summary>Whether an update looks at a reference model.</summary>
    public bool NeedsReference() => KlWeight > 0 || KlMetric is not null;
}

/// <summary>
/// Temperatures of the gate that takes the clip's place in sapo; the paper's are steeper where probability is taken away.
/// </summary>
public sealed record GateTemperatures
{
    /// <summary>For advantages above 0.</summary>
    [Bounds(Above = 0)]
    public double Positive { get; init; } = 1.0;

    /// <summary>For the others.</summary>
    [Bounds(Above = 0)]
    public double Negative { get; init; } = 1.05;
}

/// <summary>The shape of vespo's weight φ(w) = e^λ wᵏ e^(−λw) of a sequence ratio w; the defaults are the paper's.</summary>
public sealed record WeightShape
{
    /// <summary>The power k.</summary>
    [Bounds(Min = 0)]
    public required double K { get; init; }

    /// <summary>The decay λ.</summary>
    [Bounds(Min = 0)]
    public required double Lambda { get; init; }
}

/// <summary>Estimators of KL(π‖π_ref) from one sample a token.</summary>
public enum KlEstimator
{
    /// <summary>log π − log π_ref: unbiased, high variance.</summary>
    K1,
    /// <summary>½ (log π − log π_ref)²: low variance, biased.</summary>
    K2,
    /// <summary>π_ref/π − log(π_ref/π) − 1: GRPO's.</summary>
    K3,
}

/// <summary>How token losses become one number.</summary>
public enum LossAggregation
{
    /// <summary>Mean over each completion's tokens, then over completions (GRPO).</summary>
    SequenceMean,
    /// <summary>Mean over all tokens (DAPO).</summary>
    TokenMean,
    /// <summary>Sum over tokens divided by completions × the length limit (Dr. GRPO).</summary>
    ConstantLength,
}

/// <summary>What a sample's reward is compared with to make its advantage.</summary>
public enum AdvantageBaseline
{
    /// <summary>The mean of its group (GRPO).</summary>
    GroupMean,
    /// <summary>The mean of the others of its group (RLOO, arXiv 2402.14740).</summary>
    LeaveOneOut,
    /// <summary>Nothing: with the scale batch-tokens, whose mean is 0, the whole batch (REINFORCE++).</summary>
    None,
}

/// <summary>What advantages are divided by.</summary>
public enum AdvantageScale
{
    /// <summary>The standard deviation of the group's rewards (GRPO).</summary>
    Group,
    /// <summary>The standard deviation of the whole batch's rewards.</summary>
    Batch,
    /// <summary>Nothing (Dr. GRPO).</summary>
    None,
    /// <summary>The mean of the group's rewards, which are 0 or more (MaxRL): rare successes count more.</summary>
    Mean,
    /// <summary>
    /// The standard deviation of the advantages of all tokens of the batch, whose mean is taken off before (REINFORCE++, arXiv 2501.03262).
    /// </summary>
    BatchTokens,
}
