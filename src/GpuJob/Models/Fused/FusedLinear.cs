using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using TorchSharp.Modules;

namespace R1Cloud.GpuJob.Models.Fused;

/// <summary>A parameter that is a part of a fused linear map.</summary>
/// <param name="Weight">Its place among the model's parameters.</param>
/// <param name="Bias">That of its bias, or null.</param>
/// <param name="First">The first output that is its own.</param>
/// <param name="Rows">Its outputs.</param>
internal sealed record LinearPart(int Weight, int? Bias, int First, int Rows);

/// <summary>
/// Linear maps of one input as one product, y = x Wᵀ + b, with W packed for both directions: [inputs, outputs] in panels for the forward
/// pass, [outputs, inputs] for the backward pass.
/// </summary>
/// <param name="inputs">Inputs.</param>
/// <param name="parts">The maps, in the order of their outputs; between them may be outputs that are none's and stay 0.</param>
/// <param name="panel">Columns a panel.</param>
internal sealed unsafe class FusedLinear(int inputs, IReadOnlyList<LinearPart> parts, int panel) : IDisposable
{
    private readonly FloatBuffer forward = new((long)inputs * FusedShape.Padded(parts[^1].First + parts[^1].Rows));
    private readonly FloatBuffer backward = new((long)FusedShape.Padded(inputs) * (parts[^1].First + parts[^1].Rows));
    private readonly FloatBuffer? bias =
        parts.Any(part => part.Bias is not null) ? new(FusedShape.Padded(parts[^1].First + parts[^1].Rows)) : null;

    /// <summary>Inputs.</summary>
    public int Inputs => inputs;

    /// <summary>Outputs, those between the parts included.</summary>
    public int Outputs { get; } = parts[^1].First + parts[^1].Rows;

    /// <summary>The maps.</summary>
    public IReadOnlyList<LinearPart> Parts => parts;

    /// <summary>The bias by output with padding, or null.</summary>
    public float* Bias => bias is null ? null : bias.Pointer;

    /// <summary>Packs the parameters' present values.</summary>
    public void Load(IReadOnlyList<Parameter> parameters)
    {
        foreach (var part in parts)
        {
            var weight = (float*)TensorMemory.Pointer(parameters[part.Weight]);
            Panels.PackTransposed(weight, inputs, inputs, part.Rows, forward.Pointer, panel, part.First);
            Panels.Pack(weight, inputs, part.Rows, inputs, backward.Pointer + ((long)part.First * panel), panel, (long)panel * Outputs);
            if (part.Bias is { } place)
                new ReadOnlySpan<float>(TensorMemory.Pointer(parameters[place]), part.Rows)
                    .CopyTo(new Span<float>(bias!.Pointer + part.First, part.Rows));
        }
    }

    /// <summary>y (+)= x Wᵀ + b for some rows.</summary>
    public void Forward<TVector, TLanes>(float* x, long strideX, int rows, float* y, long strideY, bool add)
        where TVector : struct
        where TLanes : struct, ILanes<TVector>
    {
        if (bias is not null)
        {
            for (var row = 0; row < rows; row++)
            {
                if (add) RowKernels<TVector, TLanes>.Add(y + (row * strideY), bias.Pointer, Outputs);
                else new ReadOnlySpan<float>(bias.Pointer, FusedShape.Padded(Outputs))
                    .CopyTo(new Span<float>(y + (row * strideY), FusedShape.Padded(Outputs)));
            }
            add = true;
        }
        ProductKernels<TVector, TLanes>.Multiply(
            forward.Pointer, inputs, 0, FusedShape.Padded(Outputs), x, strideX, 1, rows, y, strideY, add);
    }

    /// <summary>dx = dy W for some rows.</summary>
    public void Backward<TVector, TLanes>(float* dy, long strideDy, int rows, float* dx, long strideDx)
        where TVector : struct
        where TLanes : struct, ILanes<TVector> =>
        ProductKernels<TVector, TLanes>.Multiply(
            backward.Pointer, Outputs, 0, FusedShape.Padded(inputs), dy, strideDy, 1, rows, dx, strideDx, false);

    public void Dispose()
    {
        forward.Dispose();
        backward.Dispose();
        bias?.Dispose();
    }
}
