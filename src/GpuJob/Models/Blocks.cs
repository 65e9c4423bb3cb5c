using R1Cloud.GpuJob.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Where a model's weights live and in which element type. Training needs float32 master weights, whatever is computed in: those on the
/// device, or others in host memory.
/// </summary>
/// <param name="Device">The device.</param>
/// <param name="Type">Float32, BFloat16 or Float16.</param>
/// <param name="HostMasters">Whether there are float32 masters in host memory of what the device has.</param>
internal readonly record struct Placement(Device Device, ScalarType Type = ScalarType.Float32, bool HostMasters = false)
{
    /// <summary>The devices that a model's layers are spread over, <see cref="Device"/> the first; null for that one.</summary>
    public IReadOnlyList<Device>? Devices { get; init; }

    /// <summary>Float32 on a device.</summary>
    public static implicit operator Placement(Device device) => new(device);

    /// <summary>Whether weights are kept the same way as elsewhere, on whichever device.</summary>
    public bool IsLike(Placement other) => (Type, HostMasters) == (other.Type, other.HostMasters);
}

/// <summary>RMSNorm (arXiv 1910.07467) with a learned scale: w, or 1 + w.</summary>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly double eps;
    private readonly bool aroundOne;

    public RmsNorm(int size, double eps, Placement placement, bool aroundOne = false)
        : base(nameof(RmsNorm))
    {
        (this.eps, this.aroundOne) = (eps, aroundOne);
        weight = new ModelWeight([size], placement, exact: aroundOne);
        register_parameter("weight", weight);
    }

    /// <summary>x [..., size] → the same shape and type.</summary>
    public override Tensor forward(Tensor x)
    {
        if (!aroundOne && weight.dtype == x.dtype) return TorchOps.RmsNorm(x, weight, eps);
        using var scope = NewDisposeScope();
        var normalized = aroundOne // 16 bits would round what w adds to 1
            ? TorchOps.RmsNorm(x.As(ScalarType.Float32), weight.As(ScalarType.Float32).add(Scalars.One, Scalars.One), eps).As(x.dtype)
            : TorchOps.RmsNorm(x, weight.As(x.dtype), eps);
        return normalized.MoveToOuterDisposeScope();
    }
}

/// <summary>
/// A linear map without or with bias; its weight is [outputs, inputs]. Computes in its input's type, and adds an adapter's part where it
/// has one.
/// </summary>
internal sealed class Projection : nn.Module<Tensor, Tensor>
{
    public Projection(int inputs, int outputs, bool hasBias, Placement placement)
        : base(nameof(Projection))
    {
        Weight = new ModelWeight([outputs, inputs], placement);
        register_parameter("weight", Weight);
        if (!hasBias) return;
        Bias = new ModelWeight([outputs], placement);
        register_parameter("bias", Bias);
    }

    /// <summary>[outputs, inputs].</summary>
    public Parameter Weight { get; }

    /// <summary>[outputs], or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>A low-rank addition to the weight, or null. Not among the module's parameters.</summary>
    public LowRank? Adapter { get; set; }

    /// <summary>x [..., inputs] → [..., outputs] in the same type.</summary>
    public override Tensor forward(Tensor x)
    {
        if (Weight.dtype == x.dtype && Adapter is null) return LinearProduct.Apply(x, Weight, Bias);
        using var scope = NewDisposeScope();
        var y = LinearProduct.Apply(x, Weight.As(x.dtype), Bias?.As(x.dtype));
        if (Adapter is { } low)
            y = y.add(nn.functional.linear(nn.functional.linear(x, low.A.As(x.dtype)), low.B.As(x.dtype)) * Scalars.Of(low.Scale),
                Scalars.One);
        return y.MoveToOuterDisposeScope();
    }
}

/// <summary>A low-rank addition scale · B A to a weight (LoRA, arXiv 2106.09685).</summary>
/// <param name="A">[rank, inputs].</param>
/// <param name="B">[outputs, rank].</param>
/// <param name="Scale">Its factor: α / rank, or α / √rank.</param>
internal sealed record LowRank(Parameter A, Parameter B, double Scale);

/// <summary>Token ids to vectors.</summary>
internal sealed class TokenEmbedding : nn.Module<Tensor, ScalarType, Tensor>
{
    private readonly double? scale;

    public TokenEmbedding(ModelConfig config, Placement placement)
        : base(nameof(TokenEmbedding))
    {
        if (config.Architecture.ScaledEmbeddings) scale = Math.Sqrt(config.HiddenSize);
        Weight = new ModelWeight([config.VocabularySize, config.HiddenSize], placement);
        register_parameter("weight", Weight);
    }

    /// <summary>[vocabulary, hidden].</summary>
    public Parameter Weight { get; }

    /// <summary>ids int64 [...] → [..., hidden] in a type.</summary>
    public override Tensor forward(Tensor ids, ScalarType type)
    {
        if (scale is null) return Weight.Rows(ids, type);
        using var scope = NewDisposeScope();
        // The factor is rounded to the type that is computed in: √3072 is 55.5 in bfloat16.
        return (Weight.Rows(ids, type) * Rounded(type)).MoveToOuterDisposeScope();
    }

    /// <summary>The factor on embeddings as a type holds it, for decoders outside torch; null for none.</summary>
    public static float? Scale(ModelConfig config) => config.Architecture.ScaledEmbeddings ? (float)Math.Sqrt(config.HiddenSize) : null;

    private Tensor Rounded(ScalarType type) =>
        full([1], Scalars.Of(scale!.Value), dtype: type, device: Weight.device);
}

/// <summary>
/// The gated feed-forward block (arXiv 2002.05202): down(activation(gate x) · up x), SwiGLU with SiLU; gate and up may be one tensor.
/// </summary>
internal sealed class GatedFeedForward : nn.Module<Tensor, Tensor>
{
    private static readonly Dictionary<GateActivation, Func<Tensor, Tensor>> Activations =
        new() { [GateActivation.Silu] = x => nn.functional.silu(x), [GateActivation.GeluTanh] = TorchOps.GeluTanh };

    private readonly Projection? gate, up, gateUp;
    private readonly Projection down;
    private readonly int intermediate;
    private readonly Func<Tensor, Tensor> activation;

    public GatedFeedForward(ModelConfig config, int intermediate, Placement placement, bool hasBias = false)
        : base(nameof(GatedFeedForward))
    {
        (this.intermediate, activation) = (intermediate, Activations[config.Architecture.Activation]);
        if (config.Architecture.Fused)
        {
            gateUp = new Projection(config.HiddenSize, 2 * intermediate, hasBias, placement);
            register_module("gate_up_proj", gateUp);
        }
        else
        {
            gate = new Projection(config.HiddenSize, intermediate, hasBias, placement);
            up = new Projection(config.HiddenSize, intermediate, hasBias, placement);
            register_module("gate_proj", gate);
            register_module("up_proj", up);
        }
        down = new Projection(intermediate, config.HiddenSize, hasBias, placement);
        register_module("down_proj", down);
    }

    /// <summary>x [..., hidden] → the same shape.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (gateUp is null) return down.forward(activation(gate!.forward(x)) * up!.forward(x)).MoveToOuterDisposeScope();
        var both = gateUp.forward(x);
        return down.forward(activation(both.narrow(-1, 0, intermediate)) * both.narrow(-1, intermediate, intermediate))
            .MoveToOuterDisposeScope();
    }
}
