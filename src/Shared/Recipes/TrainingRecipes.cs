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

    /// <summary>Latent attention in place of plain heads, as DeepSeek-V3 has it; null for plain heads.</summary>
    public LatentShape? Latent { get; init; }

    /// <summary>
    /// A mixture of experts in place of dense layers: with latent attention DeepSeek-V3's, else Qwen3's; null for dense layers.
    /// </summary>
    public ExpertsShape? Experts { get; init; }
}

/// <summary>Latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1).</summary>
public sealed record LatentShape
{
    /// <summary>Rank that queries are lowered to; null projects them in one step.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int? QueryRank { get; init; }

    /// <summary>Rank that keys and values are lowered to: what is kept of a token.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int KeyValueRank { get; init; } = 32;

    /// <summary>Width of a head's part without positions.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int PlainWidth { get; init; } = 32;

    /// <summary>Width of a head's rotated part; even.</summary>
    [Bounds(Min = 2, Max = 1024)]
    public int RotaryWidth { get; init; } = 16;

    /// <summary>Width of a head's values.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int ValueWidth { get; init; } = 32;
}

/// <summary>A mixture of experts, and what keeps their load even while the model is pretrained.</summary>
public sealed record ExpertsShape
{
    /// <summary>Experts to choose from in a layer.</summary>
    [Bounds(Min = 2, Max = 1024)]
    public int Count { get; init; } = 8;

    /// <summary>Experts chosen for a token.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int PerToken { get; init; } = 2;

    /// <summary>Width of an expert's SwiGLU layer.</summary>
    [Bounds(Min = 1, Max = 1_048_576)]
    public int IntermediateSize { get; init; } = 64;

    /// <summary>Layers at the beginning that stay dense.</summary>
    [Bounds(Min = 0, Max = 1023)]
    public int DenseLayers { get; init; } = 1;

    /// <summary>Experts that every token passes through, with latent attention alone; null for one.</summary>
    [Bounds(Min = 0, Max = 1024)]
    public int? Shared { get; init; }

    /// <summary>Groups that the experts are split into, with latent attention alone; null for one.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int? Groups { get; init; }

    /// <summary>Groups that a token may choose from, with latent attention alone; null for all.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int? ChosenGroups { get; init; }

    /// <summary>
    /// What a step moves an expert's correction by, towards an even load, with latent attention alone; null for 0.001 (DeepSeek-V3, section
    /// 2.1.2).
    /// </summary>
    [Bounds(Min = 0, Max = 1)]
    public double? BiasStep { get; init; }

    /// <summary>
    /// Weight of the balance loss of each sequence, with latent attention alone; null for 0.0001 (DeepSeek-V3, section 2.1.2).
    /// </summary>
    [Bounds(Min = 0, Max = 1)]
    public double? SequenceLoss { get; init; }

    /// <summary>Weight of the auxiliary loss over a pass's tokens, without latent attention alone; null for 0.001 (Qwen3's).</summary>
    [Bounds(Min = 0, Max = 1)]
    public double? AuxiliaryLoss { get; init; }
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

    /// <summary>What makes every draw the most likely token; null where chance has a part.</summary>
    public string? WhyGreedy() => Temperature == 0 ? "at temperature 0" : TopK == 1 ? "with topK 1" : null;
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

    /// <summary>
    /// Where float32 weights and moments are, 12 bytes a parameter: with host a GPU keeps weights of the type that is computed in, and
    /// their gradients.
    /// </summary>
    public OptimizerStatePlace State { get; init; } = OptimizerStatePlace.Device;

    /// <summary>A low-rank adapter (LoRA) that is trained in place of the whole model; null trains the model.</summary>
    public LoraRecipe? Lora { get; init; }
}

/// <summary>Where an optimizer keeps float32 weights and moments.</summary>
public enum OptimizerStatePlace
{
    /// <summary>Where the model is computed.</summary>
    Device,
    /// <summary>In the machine's own memory, where the processor takes the steps.</summary>
    Host,
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
