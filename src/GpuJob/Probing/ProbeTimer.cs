using System.Diagnostics;
using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Probing;

/// <summary>Measures what a device does.</summary>
/// <param name="compute">The device.</param>
internal sealed class ProbeTimer(Compute compute)
{
    /// <summary>The seconds of the fastest run: once to warm up, then until the time is over, twice at least.</summary>
    public double Best(TimeSpan budget, Action action)
    {
        var start = Stopwatch.GetTimestamp();
        Once(action);
        var best = double.MaxValue;
        for (var runs = 0; runs < 2 || (Stopwatch.GetElapsedTime(start) < budget && runs < 50); runs++) best = Math.Min(best, Once(action));
        return best;
    }

    private double Once(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        using (NewDisposeScope()) action();
        if (compute.Device.type == TorchSharp.DeviceType.CUDA) cuda.synchronize(compute.Device);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
