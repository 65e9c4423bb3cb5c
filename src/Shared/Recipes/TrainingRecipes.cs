using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>The shape of a decoder trained from scratch (Llama family).</summary>
public sealed record ModelShape
{
    /// <summary>Width of the residual stream.</summary>
    [Bounds(Min = 2, Max = 65_536)]
    public int HiddenSize { get; init; } = 128;

    /// <summary>Decoder layers.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int Layers { get; init; } = 4;

    /// <summary>Query heads; must divide the hidden size.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int Heads { get; init; } = 4;

    /// <summary>Key/value heads; must divide the query heads.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int KvHeads { get; init; } = 2;

    /// <summary>Width of the SwiGLU layer.</summary>
    [Bounds(Min = 1, Max = 1_048_576)]
    public int IntermediateSize { get; init; } = 352;

    /// <summary>Longest sequence in tokens, prompt included.</summary>
    [Bounds(Min = 1, Max = 1_048_576)]
    public int MaxPositions { get; init; } = 96;

    /// <summary>Base of the rotary embedding.</summary>
    [Bounds(Above = 1)]
    public double RopeTheta { get; init; } = 10000;
}

/// <summary>How a pretraining corpus is mixed: a base model that has seen thinking, tags and guessing, but rarely together.</summary>
public sealed record CorpusMix
{
    /// <summary>Share of samples that carry the full think/answer tags.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double Tagged { get; init; } = 0.15;

    /// <summary>Share of samples that answer without thinking.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double Guesses { get; init; } = 0.30;

    /// <summary>Share of the guesses that are right.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double GuessAccuracy { get; init; } = 0.30;

    /// <summary>Chance of an error at each step of the thinking.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double StepNoise { get; init; } = 0.02;

    /// <summary>Share of samples whose thinking changes languages, each step at random; for tasks in several languages.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double MixedLanguage { get; init; }
}

/// <summary>How completions are sampled.</summary>
public sealed record SamplingRecipe
{
    /// <summary>Softmax temperature; 0 is greedy.</summary>
    [Bounds(Min = 0, Max = 100)]
    public double Temperature { get; init; } = 1;

    /// <summary>Nucleus: the smallest set of tokens with this much probability; 1 for all.</summary>
    [Bounds(Above = 0, Max = 1)]
    public double TopP { get; init; } = 1;

    /// <summary>The k most likely tokens; 0 for all.</summary>
    [Bounds(Min = 0)]
    public int TopK { get; init; }

    /// <summary>Tokens at least this likely relative to the most likely one; 0 for all.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double MinP { get; init; }

    /// <summary>Most new tokens a completion.</summary>
    [Bounds(Min = 1, Max = 1_048_576)]
    public int MaxNewTokens { get; init; } = 40;
}

/// <summary>AdamW and its learning-rate schedule.</summary>
public sealed record OptimizerRecipe
{
    /// <summary>Peak learning rate.</summary>
    [Bounds(Above = 0, Max = 1)]
    public required double LearningRate { get; init; }

    /// <summary>Steps of linear warm-up.</summary>
    [Bounds(Min = 0, Max = 999_999)]
    public int WarmupSteps { get; init; }

    /// <summary>The schedule after the warm-up.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>The last learning rate as a share of the peak (linear and cosine).</summary>
    [Bounds(Min = 0, Max = 1)]
    public double FinalRatio { get; init; } = 0.1;

    /// <summary>Decoupled weight decay.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double WeightDecay { get; init; }

    /// <summary>AdamW's first moment decay.</summary>
    [Bounds(Min = 0, Below = 1)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's second moment decay.</summary>
    [Bounds(Min = 0, Below = 1)]
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Global gradient norm above which gradients are scaled down; 0 for none.</summary>
    [Bounds(Min = 0)]
    public double ClipNorm { get; init; } = 1;

    /// <summary>What activations are computed in; the weights that are updated stay in float32.</summary>
    public TrainingPrecision Precision { get; init; } = TrainingPrecision.Float32;

    /// <summary>
    /// Whether layers are computed a second time for the gradient instead of keeping their activations: less memory, a third more work.
    /// </summary>
    public bool Recompute { get; init; }

    /// <summary>A low-rank adapter (LoRA) that is trained in place of the whole model; null trains the model.</summary>
    public LoraRecipe? Lora { get; init; }
}

/// <summary>What activations are computed in.</summary>
public enum TrainingPrecision
{
    /// <summary>32 bits.</summary>
    Float32,
    /// <summary>16 bits with float32's range: half the memory, and faster where the hardware has it.</summary>
    Bfloat16,
}

/// <summary>A low-rank adapter (LoRA, arXiv 2106.09685).</summary>
public sealed record LoraRecipe
{
    /// <summary>Rank of the added matrices.</summary>
    [Bounds(Min = 1, Max = 4096)]
    public int Rank { get; init; } = 16;

    /// <summary>The addition is scaled by this divided by the rank.</summary>
    [Bounds(Above = 0)]
    public double Alpha { get; init; } = 32;

    /// <summary>Last names of the linear maps that get an addition, as q_proj; all-linear for all of the layers.</summary>
    [NotEmpty]
    public IReadOnlyList<string> Targets { get; init; } = ["all-linear"];
}

/// <summary>How a learning rate runs after its warm-up.</summary>
public enum LearningRateSchedule
{
    /// <summary>Stays.</summary>
    Constant,
    /// <summary>Falls in a line to the final ratio.</summary>
    Linear,
    /// <summary>Falls along half a cosine to the final ratio.</summary>
    Cosine,
}

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

    /// <summary>Weight β of the KL term; 0 needs no reference model.</summary>
    [Bounds(Min = 0)]
    public double KlWeight { get; init; }

    /// <summary>The KL estimator inside the loss. By itself k1 has no place there: its gradient is the same for every reference.</summary>
    public KlEstimator KlEstimator { get; init; } = KlEstimator.K3;

    /// <summary>Whether the KL term is weighted by the importance ratio, which makes its gradient unbiased off policy.</summary>
    public bool KlTimesRatio { get; init; }

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

/// <summary>
/// Dynamic sampling (DAPO, arXiv 2503.14476, section 3.2): groups whose rewards are all equal teach nothing; they are left out and others
/// drawn.
/// </summary>
public sealed record DynamicSamplingRecipe
{
    /// <summary>Most rounds of rollouts an iteration, the first one included. The update takes what there is then.</summary>
    [Bounds(Min = 2, Max = 100)]
    public int MaxRounds { get; init; } = 3;
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
}
