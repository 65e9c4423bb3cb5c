using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using TorchSharp.Modules;

namespace R1Cloud.GpuJob.Models.Fused;

/// <summary>A decoder layer's weights as the kernels read them.</summary>
internal sealed record FusedLayer(FusedLinear Qkv, FusedLinear Output, FusedLinear GateUp, FusedLinear Down, FusedNorm AttentionNorm,
    FusedNorm FeedForwardNorm, FusedNorm? QueryNorm, FusedNorm? KeyNorm)
{
    /// <summary>All linear maps.</summary>
    public IEnumerable<FusedLinear> Linears => [Qkv, Output, GateUp, Down];
    /// <summary>All norms.</summary>
    public IEnumerable<FusedNorm> Norms => new[] { AttentionNorm, FeedForwardNorm, QueryNorm, KeyNorm }.OfType<FusedNorm>();
}

/// <summary>A norm's weight, padded with zeros.</summary>
/// <param name="place">Its place among the model's parameters.</param>
/// <param name="size">Its numbers.</param>
internal sealed unsafe class FusedNorm(int place, int size) : IDisposable
{
    private readonly FloatBuffer weight = new(FusedShape.Padded(size));

    /// <summary>Its place among the model's parameters.</summary>
    public int Place => place;
    /// <summary>The numbers.</summary>
    public float* Weight => weight.Pointer;

    /// <summary>Takes the parameter's present value.</summary>
    public void Load(IReadOnlyList<Parameter> parameters) =>
        new ReadOnlySpan<float>(TensorMemory.Pointer(parameters[place]), size).CopyTo(new Span<float>(weight.Pointer, size));

    public void Dispose() => weight.Dispose();
}
