using System.Globalization;
using System.Runtime.InteropServices;
using R1Cloud.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>Where and how tensors are computed.</summary>
/// <param name="Device">The device.</param>
/// <param name="Threads">CPU threads, at least 1.</param>
/// <param name="Deterministic">
/// Whether the same input must give bitwise the same output on the same machine with the same thread count. On a CPU that holds anyway
/// once MKL is told not to choose its code path by memory alignment or load; on CUDA cuBLAS is told so, and the operators used here have
/// deterministic kernels except index_add and scatter_add (TorchSharp cannot forbid others: use_deterministic_algorithms is not
/// implemented).
/// </param>
internal sealed partial record Compute(Device Device, int Threads, bool Deterministic)
{
    /// <summary>Chooses the device, prepares the process and libtorch. Call it before anything else touches torch.</summary>
    /// <param name="device">auto, cpu, cuda or cuda:N.</param>
    /// <param name="threads">CPU threads; 0 for one a core.</param>
    /// <param name="deterministic">See <see cref="Deterministic"/>.</param>
    /// <exception cref="BadInputException">The device is unknown or absent, or the threads are negative.</exception>
    public static Compute Start(string device = "auto", int threads = 0, bool deterministic = true)
    {
        if (threads < 0) throw new BadInputException($"threads: {threads} is not allowed; 0 (one a core) or more.");
        threads = threads == 0 ? Environment.ProcessorCount : threads;
        if (deterministic) PrepareProcess(threads);
        KeepMemory();
        var compute = new Compute(Choose(device), threads, deterministic);
        set_num_threads(compute.Threads);
        return compute;
    }

    // Sets what MKL, OpenMP and cuBLAS read from the environment once, when libtorch loads. .NET's own SetEnvironmentVariable does not
    // reach native getenv on Unix, hence setenv. Without effect on a library that is loaded already. A thread that libtorch has not told
    // its number of threads yet takes OpenMP's.
    private static void PrepareProcess(int threads)
    {
        var count = threads.ToString(CultureInfo.InvariantCulture);
        (string, string)[] variables =
            [("OMP_NUM_THREADS", count), ("MKL_NUM_THREADS", count), ("MKL_CBWR", "AUTO"), ("MKL_DYNAMIC", "FALSE"),
                ("OMP_DYNAMIC", "FALSE"), ("CUBLAS_WORKSPACE_CONFIG", ":4096:8")];
        foreach (var (name, value) in variables)
        {
            Environment.SetEnvironmentVariable(name, value); // child processes and Windows
            if (!OperatingSystem.IsWindows()) _ = SetNative(name, value, overwrite: 1);
        }
    }

    // Makes glibc keep freed memory instead of giving every large tensor back to the system and having its pages cleared again: a sixth of
    // the time of a training step. One heap for all threads: each would keep what it once took of its own, and jobs change threads. (Heaps
    // that are there already stay: who starts a trainer sets MALLOC_ARENA_MAX, which holds from the first.) Not for other C libraries.
    private static void KeepMemory()
    {
        const int TrimThreshold = -1, TopPad = -2, MmapMax = -4, ArenaMax = -8;
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libc.so.6", out var libc)
            || !NativeLibrary.TryGetExport(libc, "mallopt", out _)) return;
        _ = SetMalloc(MmapMax, 0);
        _ = SetMalloc(TrimThreshold, int.MaxValue);
        _ = SetMalloc(TopPad, 64 << 20);
        _ = SetMalloc(ArenaMax, 1);
    }

    private static Device Choose(string device)
    {
        if (device == "auto") return cuda.is_available() ? CUDA : CPU;
        if (device == "cpu") return CPU;
        var parts = device.Split(':');
        var index = 0;
        if (parts[0] != "cuda" || parts.Length > 2
            || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new BadInputException($"device: '{device}' is not known; allowed are auto, cpu, cuda and cuda:N.");
        }
        var count = cuda.is_available() ? cuda.device_count() : 0;
        if (index >= count) throw new BadInputException($"device: '{device}' is absent; this machine has {count} CUDA device(s).");
        return new Device(DeviceType.CUDA, index);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNative(string name, string value, int overwrite);

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetMalloc(int parameter, int value);
}
