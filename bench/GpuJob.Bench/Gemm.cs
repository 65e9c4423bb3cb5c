using System.Diagnostics;
using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Bench;

/// <summary>The matrix product rate that libtorch reaches here and now: what the other figures are a share of.</summary>
internal static class Gemm
{
    /// <summary>GFLOP/s of a 2048³ fp32 product, the best of a few, by MKL or oneDNN, whichever is faster here.</summary>
    public static double Rate(int threads)
    {
        const int Size = 2048;
        set_num_threads(threads);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor a = randn(Size, Size), b = randn(Size, Size);
        var best = double.MaxValue;
        for (var i = 0; i < 6; i++)
        {
            foreach (var product in new Func<Tensor>[] { () => a.matmul(b), () => LinearProduct.ByOneDnn(a, b, null) })
            {
                var start = Stopwatch.GetTimestamp();
                using var inner = NewDisposeScope();
                product();
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
        return 2.0 * Size * Size * Size / best / 1e9;
    }

    /// <summary>The medians of some runs' seconds, the actions taking turns: what the machine does meanwhile hits all of them.</summary>
    public static double[] Medians(int runs, params Action[] actions)
    {
        foreach (var action in actions) action();
        var seconds = actions.Select(_ => new List<double>()).ToArray();
        for (var run = 0; run < runs; run++)
        {
            foreach (var (place, action) in actions.Index())
            {
                var start = Stopwatch.GetTimestamp();
                action();
                seconds[place].Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
        return [.. seconds.Select(times => times.Order().ElementAt(runs / 2))];
    }

    /// <summary>Processor seconds of all threads that a run takes on average: what counts on a machine that others use too.</summary>
    public static double ProcessorSeconds(int runs, Action action)
    {
        action();
        var before = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < runs; i++) action();
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds / runs;
    }

    /// <summary>The median of some runs' seconds.</summary>
    public static double Median(int runs, Action action)
    {
        action();
        var seconds = Enumerable.Range(0, runs).Select(_ =>
        {
            var start = Stopwatch.GetTimestamp();
            action();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }).Order().ToArray();
        return seconds[seconds.Length / 2];
    }
}
