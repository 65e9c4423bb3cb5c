using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.GpuJob.Optimization;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Optimization;

/// <summary>The kernels against libtorch's own, and against themselves.</summary>
public sealed class VectorUpdatesTests
{
    public static TheoryData<string> Kernels => [.. SimdKernels.Supported.Select(kernel => kernel.ToString())];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AdamW_SeveralSteps_IsLibtorchs(string kernel)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor[] ours = Tensors(1), first = Zeros(ours), second = Zeros(ours);
        Tensor[] theirs = [.. ours.Select(x => x.clone())], theirFirst = Zeros(ours), theirSecond = Zeros(ours);
        for (var step = 1; step <= 5; step++)
        {
            var gradients = Tensors(10 + step);
            VectorUpdates.AdamW(new AdamWStep(
                (float)(1 - (0.01 * 0.1)), (float)(0.01 / (1 - Math.Pow(0.9, step))), 0.9, 0.999,
                (float)(1 / Math.Sqrt(1 - Math.Pow(0.999, step))), 1e-8f), ours, gradients, first, second, threads: 2,
                Enum.Parse<SimdKernel>(kernel));
            Tensor[] steps = [.. ours.Select(_ => full([], step, dtype: ScalarType.Float32))];
            TorchOps.FusedAdamW(theirs, gradients, theirFirst, theirSecond, steps, 0.01, 0.9, 0.999, 0.1, 1e-8);
        }
        foreach (var (actual, expected) in ours.Zip(theirs).Concat(first.Zip(theirFirst)).Concat(second.Zip(theirSecond)))
            ((actual - expected).abs().max() / expected.abs().max()).item<float>().ShouldBeLessThan(2e-6f);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void NormsAndScale_AnyThreads_AreLibtorchsWithTheSameBits(string name)
    {
        using var scope = NewDisposeScope();
        var kernel = Enum.Parse<SimdKernel>(name);
        var tensors = Tensors(3);
        var expected = TorchOps.Norms64(tensors);
        var norms = VectorUpdates.Norms(tensors, 1, kernel);
        ((norms - expected).abs() / expected).max().item<double>().ShouldBeLessThan(2e-6);
        foreach (var threads in new[] { 2, 4 })
            VectorUpdates.Norms(tensors, threads, kernel).bytes.SequenceEqual(norms.bytes).ShouldBeTrue();
        Tensor[] scaled = [.. tensors.Select(x => x.clone())];
        VectorUpdates.Scale(scaled, 0.3f, 2, kernel);
        foreach (var (x, y) in tensors.Zip(scaled)) (x * 0.3f).bytes.SequenceEqual(y.bytes).ShouldBeTrue();
    }

    // Of sizes across blocks and vectors.
    private static Tensor[] Tensors(int seed)
    {
        using var generator = new Generator((ulong)seed);
        return [.. new long[] { 1, 7, 16, 33, 1000, (1 << 15) + 5, 100_003 }
            .Select(size => randn(size, dtype: ScalarType.Float32, generator: generator))];
    }

    private static Tensor[] Zeros(Tensor[] like) => [.. like.Select(x => zeros_like(x))];
}
