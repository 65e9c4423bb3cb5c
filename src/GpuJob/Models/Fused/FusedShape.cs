using R1Cloud.GpuJob.Numerics.Simd;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models.Fused;

/// <summary>
/// The sizes of a model's rows; strides are rounded up, so that rows begin at whole vectors and products fill whole panels.
/// </summary>
internal sealed record FusedShape(ModelConfig Config)
{
    private const int Step = 32; // the widest panel

    /// <summary>Width of the residual stream.</summary>
    public int Hidden => Config.HiddenSize;
    /// <summary>Width of all query heads.</summary>
    public int Queries { get; } = Config.Heads * Config.HeadDim;
    /// <summary>Width of all key or value heads.</summary>
    public int Keys { get; } = Config.KvHeads * Config.HeadDim;
    /// <summary>Query heads that share keys and values.</summary>
    public int Group { get; } = Config.Heads / Config.KvHeads;
    /// <summary>Floats from row to row of hidden states.</summary>
    public int HiddenStride { get; } = Padded(Config.HiddenSize);
    /// <summary>Of what attention gives.</summary>
    public int QueryStride { get; } = Padded(Config.Heads * Config.HeadDim);
    /// <summary>Of queries, keys and values together.</summary>
    public int QkvStride { get; } = Padded((Config.Heads + (2 * Config.KvHeads)) * Config.HeadDim);
    /// <summary>Of the feed-forward block's inner width; gate and up stand behind each other, each so wide.</summary>
    public int InnerStride { get; } = Padded(Config.IntermediateSize);
    /// <summary>Of one head on its own.</summary>
    public int HeadStride { get; } = Padded(Config.HeadDim);

    /// <summary>A size rounded up to whole panels of any instruction set.</summary>
    public static int Padded(int size) => Align.Up(size, Step);

    /// <summary>
    /// Whether a model's scores can be computed outside torch: a plain decoder of the llama, qwen2 and qwen3 kind on a CPU, in float32,
    /// without an adapter, layers not computed twice.
    /// </summary>
    public static bool Covers(CausalLm model)
    {
        var (config, kind) = (model.Config, model.Config.Architecture);
        return model.Device.type == TorchSharp.DeviceType.CPU && model.ComputeType == ScalarType.Float32
            && model.HeadWeight.dtype == ScalarType.Float32 && model.Lora is null && !model.Recompute
            && config.Latent is null && config.Experts is null && config.Sliding is null && config.LocalRope is null && !config.ScoreHead
            && config.RotatedDim == config.HeadDim
            && kind is { Norms: NormPlacement.Before, NormsAroundOne: false, ScaledEmbeddings: false, Fused: false,
                QkNormAcrossHeads: false, Activation: GateActivation.Silu };
    }
}
