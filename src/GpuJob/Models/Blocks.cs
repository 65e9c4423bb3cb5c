using R1Cloud.GpuJob.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>RMSNorm (arXiv 1910.07467) with a learned scale.</summary>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly double eps;

    public RmsNorm(int size, double eps, Device device)
        : base(nameof(RmsNorm))
    {
        this.eps = eps;
        weight = Blocks.Empty([size], device);
        register_parameter("weight", weight);
    }

    /// <summary>x [..., size] → the same shape.</summary>
    public override Tensor forward(Tensor x) => TorchOps.RmsNorm(x, weight, eps);
}

/// <summary>A linear map without or with bias; its weight is [outputs, inputs].</summary>
internal sealed class Projection : nn.Module<Tensor, Tensor>
{
    public Projection(int inputs, int outputs, bool hasBias, Device device)
        : base(nameof(Projection))
    {
        Weight = Blocks.Empty([outputs, inputs], device);
        register_parameter("weight", Weight);
        if (!hasBias) return;
        Bias = Blocks.Empty([outputs], device);
        register_parameter("bias", Bias);
    }

    /// <summary>[outputs, inputs].</summary>
    public Parameter Weight { get; }

    /// <summary>[outputs], or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>x [..., inputs] → [..., outputs].</summary>
    public override Tensor forward(Tensor x) => nn.functional.linear(x, Weight, Bias);
}

/// <summary>Token ids to vectors.</summary>
internal sealed class TokenEmbedding : nn.Module<Tensor, Tensor>
{
    public TokenEmbedding(ModelConfig config, Device device)
        : base(nameof(TokenEmbedding))
    {
        Weight = Blocks.Empty([config.VocabularySize, config.HiddenSize], device);
        register_parameter("weight", Weight);
    }

    /// <summary>[vocabulary, hidden].</summary>
    public Parameter Weight { get; }

    /// <summary>ids int64 [...] → [..., hidden].</summary>
    public override Tensor forward(Tensor ids) => TorchOps.Embedding(Weight, ids);
}

/// <summary>The SwiGLU feed-forward block (arXiv 2002.05202): down(silu(gate x) · up x).</summary>
internal sealed class SwiGlu : nn.Module<Tensor, Tensor>
{
    private readonly Projection gate, up, down;

    public SwiGlu(ModelConfig config, Device device)
        : base(nameof(SwiGlu))
    {
        gate = new Projection(config.HiddenSize, config.IntermediateSize, hasBias: false, device);
        up = new Projection(config.HiddenSize, config.IntermediateSize, hasBias: false, device);
        down = new Projection(config.IntermediateSize, config.HiddenSize, hasBias: false, device);
        register_module("gate_proj", gate);
        register_module("up_proj", up);
        register_module("down_proj", down);
    }

    /// <summary>x [..., hidden] → the same shape.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return down.forward(nn.functional.silu(gate.forward(x)) * up.forward(x)).MoveToOuterDisposeScope();
    }
}

internal static class Blocks
{
    /// <summary>An uninitialised fp32 parameter that no scope disposes of.</summary>
    public static Parameter Empty(long[] shape, Device device)
    {
        var parameter = new Parameter(empty(shape, dtype: ScalarType.Float32, device: device), requires_grad: true);
        _ = parameter.DetachFromDisposeScope();
        return parameter;
    }
}
