using R1Cloud.GpuJob.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// A model's parameter. It may have its float32 master in host memory: then the device has the type alone that is computed in, and of
/// float32 only the gradient. The parameter itself is without memory there, NaN wherever somebody looks who should not.
/// </summary>
internal sealed class ModelWeight : Parameter
{
    /// <summary>An uninitialised weight that no scope disposes of.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="placement">Where it is.</param>
    /// <param name="exact">Whether it is computed with in float32, whatever the others are.</param>
    public ModelWeight(long[] shape, Placement placement, bool exact = false)
        : base(Leaf(shape, exact ? placement with { Type = ScalarType.Float32 } : placement), requires_grad: true)
    {
        IsExact = exact;
        _ = this.DetachFromDisposeScope();
        if (!placement.HostMasters) return;
        Master = TorchSharp.torch.empty(shape, dtype: ScalarType.Float32, device: CPU).DetachFromDisposeScope();
        if (!exact && placement.Type != ScalarType.Float32)
            Lowered = TorchSharp.torch.empty(shape, dtype: placement.Type, device: placement.Device).DetachFromDisposeScope();
    }

    /// <summary>Whether it is computed with in float32, whatever the others are.</summary>
    public bool IsExact { get; }

    /// <summary>The float32 master in host memory; null where the parameter is its own.</summary>
    public Tensor? Master { get; }

    /// <summary>What is computed with in place of the parameter; null where that is the parameter itself.</summary>
    public Tensor? Lowered { get; private set; }

    /// <summary>Bytes that it takes on the device, without a gradient.</summary>
    public long DeviceBytes => (Lowered is null ? 0 : numel() * Lowered.ElementSize)
        + (Master is not null && Lowered is not null ? 0 : numel() * ElementSize);

    /// <summary>Keeps a copy in a type, until <see cref="Raise"/>: passes without gradients then cast nothing.</summary>
    public void Lower(ScalarType type)
    {
        using var _ = no_grad();
        if (!IsExact && Lowered is null && dtype != type) Lowered = this.detach().to(type).DetachFromDisposeScope();
    }

    /// <summary>Drops the copy.</summary>
    public void Raise()
    {
        if (Master is not null) return; // it is all that the device has
        Lowered?.Dispose();
        Lowered = null;
    }

    /// <summary>Takes the master's numbers over to the device, rounded to the type there.</summary>
    public void Publish()
    {
        using var _ = no_grad();
        if (Master is not null) (Lowered ?? this).copy_(Master);
    }

    /// <summary>Frees what it has besides the parameter.</summary>
    public void DisposeCopies()
    {
        Master?.Dispose();
        Lowered?.Dispose();
    }

    private static Tensor Leaf(long[] shape, Placement placement)
    {
        if (!placement.HostMasters || placement.Type == ScalarType.Float32)
            return TorchSharp.torch.empty(shape, dtype: placement.Type, device: placement.Device);
        using var nothing =
            TorchSharp.torch.full([1], Scalars.Of(double.NaN), dtype: ScalarType.Float32, device: placement.Device);
        return nothing.expand(shape);
    }
}

/// <summary>How weights are read, wherever they are.</summary>
internal static class WeightReading
{
    /// <summary>What is stored of a parameter and stepped by an optimizer: its master, or itself.</summary>
    public static Tensor Stored(this Parameter parameter) => (parameter as ModelWeight)?.Master ?? parameter;

    /// <summary>
    /// The tensor in a type: itself, a differentiable copy in the caller's scope, or what is kept of a weight in that type.
    /// </summary>
    public static Tensor As(this Tensor tensor, ScalarType type)
    {
        if (tensor is not ModelWeight { Lowered: { } lowered } weight) return tensor.dtype == type ? tensor : tensor.to(type);
        if (lowered.dtype == type) return is_grad_enabled() && weight.requires_grad ? Lowering.apply(weight, lowered) : lowered;
        if (weight.Master is null) return tensor.dtype == type ? tensor : tensor.to(type);
        throw new InvalidOperationException($"The weight is kept in {lowered.dtype}; {type} of it is in host memory alone.");
    }

    /// <summary>Rows of a weight [V, D] by <paramref name="ids"/>, in a type: ids.shape + [D].</summary>
    public static Tensor Rows(this Parameter weight, Tensor ids, ScalarType type)
    {
        if (weight is not ModelWeight { Lowered: { } lowered } || lowered.dtype != type) return TorchOps.Embedding(weight, ids).As(type);
        return is_grad_enabled() && weight.requires_grad ? LoweredRows.apply(weight, lowered, ids) : TorchOps.Embedding(lowered, ids);
    }

    // As a cast of the master: the same numbers, and the gradient goes to the parameter in float32.
    private sealed class Lowering : autograd.SingleTensorFunction<Lowering>
    {
        public override string Name => nameof(Lowering);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => ((Tensor)vars[1]).detach();

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var _ = no_grad();
            return GradientHandover.Return(ctx, grad_output.to(ScalarType.Float32), null);
        }
    }

    // As rows of the master that are cast: those that occur more than once are summed in float32.
    private sealed class LoweredRows : autograd.SingleTensorFunction<LoweredRows>
    {
        public override string Name => nameof(LoweredRows);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            using var _ = no_grad();
            var (lowered, ids) = ((Tensor)vars[1], (Tensor)vars[2]);
            ctx.save_for_backward([lowered, ids]);
            return TorchOps.Embedding(lowered, ids);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            var saved = ctx.get_saved_variables();
            return GradientHandover.Return(
                ctx, TorchOps.EmbeddingBackward(grad_output.to(ScalarType.Float32), saved[1], saved[0]), null, null);
        }
    }
}
