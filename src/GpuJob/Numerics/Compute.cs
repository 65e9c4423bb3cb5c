using System.Globalization;
using System.Runtime.InteropServices;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>Where and how tensors are computed.</summary>
/// <param name="Group">The devices.</param>
/// <param name="Threads">CPU threads, at least 1.</param>
/// <param name="Deterministic">
/// Whether the same input must give bitwise the same output on the same machine with the same thread count. On a CPU that holds anyway
/// once MKL is told not to choose its code path by memory alignment or load; on CUDA cuBLAS is told so, and the operators used here have
/// deterministic kernels except index_add and scatter_add (TorchSharp cannot forbid others: use_deterministic_algorithms is not
/// implemented).
/// </param>
internal sealed partial record Compute(DeviceGroup Group, int Threads, bool Deterministic)
{
    /// <summary>The device; of several the first.</summary>
    public Device Device => Group.Replicas[0][0];

    /// <summary>Chooses the devices, prepares the process and libtorch. Call it before anything else touches torch.</summary>
    /// <param name="device">One of <see cref="DeviceList.One"/>, or of <see cref="DeviceList.Several"/>.</param>
    /// <param name="threads">CPU threads; 0 for one a core.</param>
    /// <param name="deterministic">See <see cref="Deterministic"/>.</param>
    /// <param name="several">Whether several devices may compute.</param>
    /// <param name="perReplica">Devices that the layers of each model are spread over.</param>
    /// <exception cref="BadInputException">The device is unknown or absent, or the threads are negative.</exception>
    public static Compute Start(string device = "auto", int threads = 0, bool deterministic = true, bool several = false,
        int perReplica = 1)
    {
        if (threads < 0) throw new BadInputException($"threads: {threads} is not allowed; 0 (one a core) or more.");
        threads = threads == 0 ? Environment.ProcessorCount : threads;
        if (deterministic) PrepareProcess(threads);
        KeepMemory();
        // What is not asked for is not looked for: CUDA takes seconds and memory.
        var gpus = device.StartsWith("cpu", StringComparison.Ordinal) || !cuda.is_available() ? 0 : cuda.device_count();
        var devices = several ? DeviceList.Read(device, gpus) : [DeviceList.ReadOne(device, gpus)];
        if (perReplica < 1 || devices.Count % perReplica != 0)
            throw new BadInputException(
                $"devices-per-replica: {perReplica} is not allowed; allowed are the divisors of the number of devices, {devices.Count}.");
        var compute = new Compute(new DeviceGroup(devices, perReplica), threads, deterministic);
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

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNative(string name, string value, int overwrite);

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetMalloc(int parameter, int value);
}
