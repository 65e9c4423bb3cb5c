using System.Runtime.Intrinsics.X86;

namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>
/// The instruction sets that the decoder's kernels come in. A row's result is bitwise the same however it is batched, per kernel.
/// </summary>
internal enum SimdKernel
{
    /// <summary>AVX-512.</summary>
    Avx512,
    /// <summary>AVX2 with FMA.</summary>
    Avx2,
    /// <summary>Any processor.</summary>
    Portable,
}

internal static class SimdKernels
{
    /// <summary>Those that this machine runs, fastest first.</summary>
    public static IReadOnlyList<SimdKernel> Supported { get; } =
    [
        .. Avx512F.IsSupported ? new[] { SimdKernel.Avx512 } : [],
        .. Avx2.IsSupported && Fma.IsSupported ? new[] { SimdKernel.Avx2 } : [],
        SimdKernel.Portable,
    ];
}
