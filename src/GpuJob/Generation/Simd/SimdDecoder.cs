using System.Runtime.ExceptionServices;
using System.Runtime.Intrinsics;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// Generation on CPUs in hand-written vector kernels. Each thread decodes its own rows to their ends, so threads never wait for each other;
/// a sample's result is bitwise independent of batch, order and thread count.
/// </summary>
internal sealed class SimdDecoder : IGenerator
{
    private const int MaxRows = 64; // a thread: activations stay in its second-level cache

    private static readonly Dictionary<SimdKernel, Kind> Kinds = new()
    {
        [SimdKernel.Avx512] = Kind.Of<Vector512<float>, Avx512Lanes>(),
        [SimdKernel.Avx2] = Kind.Of<Vector256<float>, Avx2Lanes>(),
        [SimdKernel.Portable] = Kind.Of<Vector128<float>, PortableLanes>(),
    };

    private readonly CausalLm model;
    private readonly int threads;
    private readonly Kind kind;
    private readonly SimdWeights weights;
    private ISimdWorker[] workers = [];
    private (int Rows, int Positions) room;

    /// <summary>Makes a decoder with the model's present weights.</summary>
    /// <param name="model">The model; on the CPU.</param>
    /// <param name="threads">Threads, at least 1.</param>
    /// <param name="kernel">The instruction set; null for the best that the machine has.</param>
    public SimdDecoder(CausalLm model, int threads, SimdKernel? kernel = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var chosen = kernel ?? SimdKernels.Supported[0];
        if (!SimdKernels.Supported.Contains(chosen))
            throw new NotSupportedException($"This machine lacks {chosen}; it has {string.Join(", ", SimdKernels.Supported)}.");
        (this.model, this.threads, kind) = (model, threads, Kinds[chosen]);
        weights = new SimdWeights(model.Config, kind.Lanes);
        Refresh();
    }

    /// <inheritdoc/>
    public void Refresh() => weights.Load(model, threads);

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling,
        CancellationToken cancellation = default, Action<int, int, int>? drawn = null)
    {
        GenerationChecks.Validate(model.Config, requests, sampling);
        var results = requests.Select(request => new GenerationResult[request.Seeds.Length]).ToArray();
        var samples = results.Sum(result => result.Length);
        if (samples == 0) return results;

        // A thread's share at most: one thread must not take what another could begin with.
        var share = (samples + threads - 1) / threads;
        var positions =
            requests.Max(request => request.Prompt.Length + GenerationChecks.Limit(model.Config, request.Prompt.Length, sampling));
        var rows = Math.Min(share, MaxRows);
        MakeRoom(rows, positions);
        var work = new GenerationWork(requests, sampling, model.Unused, Units(requests, share), results, drawn, cancellation);

        Exception? failure = null;
        var active = Math.Min(threads, samples);
        var started = new Thread[active - 1];
        for (var i = 0; i < started.Length; i++)
        {
            var worker = workers[i + 1];
            started[i] = new Thread(() => Guarded(worker)) { IsBackground = true, Name = "decode" };
            started[i].Start();
        }
        Guarded(workers[0]);
        foreach (var thread in started) thread.Join();
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        return results;

        void Guarded(ISimdWorker worker)
        {
            try
            {
                worker.Run(work, rows);
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref failure, error, null); // thrown again on the caller's thread
            }
        }
    }

    private static List<WorkUnit> Units(IReadOnlyList<GenerationRequest> requests, int share)
    {
        var units = new List<WorkUnit>();
        foreach (var (index, request) in requests.Index())
        {
            for (var start = 0; start < request.Seeds.Length; start += share)
                units.Add(new WorkUnit(index, start, Math.Min(share, request.Seeds.Length - start)));
        }
        return units;
    }

    private void MakeRoom(int rows, int positions)
    {
        if (workers.Length == threads && rows <= room.Rows && positions <= room.Positions) return;
        foreach (var worker in workers) worker.Dispose();
        (rows, positions) = (Math.Max(rows, room.Rows), Math.Max(positions, room.Positions));
        room = (rows, positions);
        var rotary = new SimdRotary(model, positions);
        workers = [.. Enumerable.Range(0, threads).Select(_ => kind.CreateWorker(model.Config, weights, rows, positions, rotary))];
    }

    public void Dispose()
    {
        foreach (var worker in workers) worker.Dispose();
        weights.Dispose();
    }

    // The kernels of one instruction set.
    private sealed record Kind(int Lanes, Func<ModelConfig, SimdWeights, int, int, SimdRotary, ISimdWorker> CreateWorker)
    {
        public static Kind Of<TVector, TLanes>()
            where TVector : struct
            where TLanes : struct, ILanes<TVector> =>
            new(TLanes.Count,
                (config, weights, rows, positions, rotary) => new SimdWorker<TVector, TLanes>(config, weights, rows, positions, rotary));
    }
}
