using System.Runtime.Intrinsics;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Optimization;

/// <summary>
/// An optimizer's work on float32 tensors of a CPU: cut into blocks by sizes alone, so that norms, too, have the same bits for any number
/// of threads. libtorch's sums are cut by threads.
/// </summary>
internal static unsafe class VectorUpdates
{
    private const int Block = 1 << 15;

    private delegate double SquaresOf(float* x, int size);

    private delegate void ScaleBy(float* x, float factor, int size);

    private delegate void Update(in AdamWStep step, float* x, float* gradient, float* firstMoment, float* secondMoment, int size);

    private sealed record Kernels(SquaresOf Squares, ScaleBy Scale, Update AdamW);

    private static readonly Dictionary<SimdKernel, Kernels> Kinds = new()
    {
        [SimdKernel.Avx512] = Kind<Vector512<float>, Avx512Lanes>(),
        [SimdKernel.Avx2] = Kind<Vector256<float>, Avx2Lanes>(),
        [SimdKernel.Portable] = Kind<Vector128<float>, PortableLanes>(),
    };

    /// <summary>Whether it can be done here: all are contiguous and float32 on a CPU whose instructions are worth it.</summary>
    public static bool Suit(IEnumerable<Tensor> tensors) => SimdKernels.Supported[0] != SimdKernel.Portable
        && tensors.All(x => x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32 && x.is_contiguous());

    /// <summary>The 2-norm of each tensor, float32 [tensors] in the caller's scope.</summary>
    public static Tensor Norms(IReadOnlyList<Tensor> tensors, int threads = 0, SimdKernel? kernel = null)
    {
        var (blocks, kernels) = (Blocks(tensors), Of(kernel));
        var squares = new double[blocks.Count];
        Team(threads).Run(blocks.Count,
            (task, _) => squares[task] = kernels.Squares((float*)blocks[task].Places[0] + blocks[task].Start, blocks[task].Count));
        var sums = new double[tensors.Count];
        for (var i = 0; i < squares.Length; i++) sums[blocks[i].Tensor] += squares[i];
        return tensor([.. sums.Select(sum => (float)Math.Sqrt(sum))]);
    }

    /// <summary>Multiplies every tensor in place.</summary>
    public static void Scale(IReadOnlyList<Tensor> tensors, float factor, int threads = 0, SimdKernel? kernel = null)
    {
        var (blocks, kernels) = (Blocks(tensors), Of(kernel));
        Team(threads).Run(blocks.Count,
            (task, _) => kernels.Scale((float*)blocks[task].Places[0] + blocks[task].Start, factor, blocks[task].Count));
    }

    /// <summary>One AdamW step in place on every tensor.</summary>
    public static void AdamW(AdamWStep step, IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients,
        IReadOnlyList<Tensor> firstMoments, IReadOnlyList<Tensor> secondMoments, int threads = 0, SimdKernel? kernel = null)
    {
        var (blocks, kernels) = (Blocks(parameters, gradients, firstMoments, secondMoments), Of(kernel));
        Team(threads).Run(blocks.Count, (task, _) =>
        {
            var (_, places, start, count) = blocks[task];
            kernels.AdamW(in step, (float*)places[0] + start, (float*)places[1] + start, (float*)places[2] + start,
                (float*)places[3] + start, count);
        });
    }

    // Numbers of tensors of like shape that one task does.
    private sealed record Part(int Tensor, nint[] Places, long Start, int Count);

    private static List<Part> Blocks(params IReadOnlyList<Tensor>[] lists)
    {
        var parts = new List<Part>();
        for (var i = 0; i < lists[0].Count; i++)
        {
            nint[] places = [.. lists.Select(list => (nint)TensorMemory.Pointer(list[i]))];
            var size = lists[0][i].numel();
            for (var start = 0L; start < size; start += Block) parts.Add(new(i, places, start, (int)Math.Min(Block, size - start)));
        }
        return parts;
    }

    private static Kernels Of(SimdKernel? kernel) => Kinds[kernel ?? SimdKernels.Supported[0]];

    private static ThreadTeam Team(int threads) => ThreadTeam.Of(threads > 0 ? threads : get_num_threads());

    private static Kernels Kind<TVector, TLanes>()
        where TVector : struct
        where TLanes : struct, ILanes<TVector> =>
        new(UpdateKernels<TVector, TLanes>.Squares, UpdateKernels<TVector, TLanes>.Scale, UpdateKernels<TVector, TLanes>.AdamW);
}
