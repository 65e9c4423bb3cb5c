using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using TorchSharp.Modules;

namespace R1Cloud.GpuJob.Models.Fused;

/// <summary>Some rows of the output projection.</summary>
/// <param name="first">The first.</param>
/// <param name="rows">How many.</param>
/// <param name="hidden">Width of a row.</param>
/// <param name="place">The projection's place among the model's parameters.</param>
/// <param name="panel">Columns a panel.</param>
internal sealed unsafe class FusedHeadChunk(int first, int rows, int hidden, int place, int panel) : IDisposable
{
    private readonly FloatBuffer forward = new((long)hidden * FusedShape.Padded(rows));
    private readonly FloatBuffer backward = new((long)FusedShape.Padded(hidden) * rows);

    /// <summary>The first row.</summary>
    public int First => first;
    /// <summary>How many.</summary>
    public int Rows => rows;
    /// <summary>The projection's place among the model's parameters.</summary>
    public int Place => place;

    /// <summary>Packs the parameter's present value.</summary>
    public void Load(IReadOnlyList<Parameter> parameters)
    {
        var weight = (float*)TensorMemory.Pointer(parameters[place]) + ((long)first * hidden);
        Panels.PackTransposed(weight, hidden, hidden, rows, forward.Pointer, panel);
        Panels.Pack(weight, hidden, rows, hidden, backward.Pointer, panel);
    }

    /// <summary>Logits of some hidden states.</summary>
    public void Forward<TVector, TLanes>(float* x, long strideX, int count, float* y, long strideY)
        where TVector : struct
        where TLanes : struct, ILanes<TVector> =>
        ProductKernels<TVector, TLanes>.Multiply(
            forward.Pointer, hidden, 0, FusedShape.Padded(rows), x, strideX, 1, count, y, strideY, false);

    /// <summary>Adds the gradient of hidden states by that of their logits.</summary>
    public void Backward<TVector, TLanes>(float* dy, long strideDy, int count, float* dx, long strideDx, bool add)
        where TVector : struct
        where TLanes : struct, ILanes<TVector> =>
        ProductKernels<TVector, TLanes>.Multiply(
            backward.Pointer, rows, 0, FusedShape.Padded(hidden), dy, strideDy, 1, count, dx, strideDx, add);

    public void Dispose()
    {
        forward.Dispose();
        backward.Dispose();
    }
}
