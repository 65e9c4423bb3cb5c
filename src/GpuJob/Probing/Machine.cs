using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared.Processes;
using TorchSharp;

namespace R1Cloud.GpuJob.Probing;

/// <summary>What figures were measured on.</summary>
/// <param name="Device">The device.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Cores">Processor cores.</param>
/// <param name="Threads">Threads that were used.</param>
/// <param name="Instructions">The widest vectors of the processor, and its 16-bit products.</param>
/// <param name="FreeBytes">The device's free memory.</param>
/// <param name="System">The operating system.</param>
internal sealed record Machine(
    string Device, string Name, int Cores, int Threads, IReadOnlyList<string> Instructions, double FreeBytes, string System)
{
    /// <summary>This one.</summary>
    public static Machine Of(Compute compute)
    {
        var (name, free) = compute.Device.type == DeviceType.CUDA ? Gpu(compute.Device.index) : (Processor(), FreeMemory());
        return new(compute.Device.ToString(), name, Environment.ProcessorCount, compute.Threads, Vectors(), free,
            RuntimeInformation.OSDescription);
    }

    private static List<string> Vectors()
    {
        var all = new (bool There, string Name)[]
        {
            (Avx2.IsSupported, "avx2"), (Avx512F.IsSupported, "avx512"), (Avx10v1.IsSupported, "avx10"),
            (global::System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported, "neon"),
        };
        return [.. all.Where(vectors => vectors.There).Select(vectors => vectors.Name)];
    }

    private static string Processor() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?
            .Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString()
        : RuntimeInformation.ProcessArchitecture.ToString();

    private static double FreeMemory()
    {
        var line = File.Exists("/proc/meminfo")
            ? File.ReadLines("/proc/meminfo").FirstOrDefault(entry => entry.StartsWith("MemAvailable", StringComparison.Ordinal)) : null;
        return line is null ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
            : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    // The driver's own tool knows; libtorch's C API does not tell.
    private static (string Name, double Free) Gpu(int index)
    {
        var start = new ProcessStartInfo("nvidia-smi") { RedirectStandardOutput = true };
        foreach (var argument in (string[])["--query-gpu=name,memory.free", "--format=csv,noheader,nounits", $"--id={Math.Max(0, index)}"])
            start.ArgumentList.Add(argument);
        ChildEnvironment.ForTool(start);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("nvidia-smi does not start.");
        var fields = process.StandardOutput.ReadToEnd().Trim().Split(',');
        process.WaitForExit();
        return fields is [var name, var free] ? (name.Trim(), double.Parse(free, CultureInfo.InvariantCulture) * (1 << 20)) : ("cuda", 0);
    }
}
