using System.Runtime.InteropServices;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// How busy GPUs are, as NVIDIA's management library (NVML, part of the driver) tells it: https://docs.nvidia.com/deploy/nvml-api.
/// </summary>
internal sealed class GpuMonitor
{
    private const string Library = "nvidia-ml";
    private const int NameLength = 96; // NVML_DEVICE_NAME_V2_BUFFER_SIZE

    private readonly List<(int Index, nint Handle, string Name)> gpus = [];

    /// <summary>Looks for GPUs.</summary>
    /// <param name="indices">Their numbers; those that are not there, or do not tell, are left out.</param>
    public GpuMonitor(IReadOnlyList<int> indices)
    {
        if (indices.Count == 0) return;
        try
        {
            if (Init() != 0) return;
            foreach (var index in indices)
            {
                var name = new byte[NameLength];
                if (HandleOf((uint)index, out var handle) == 0 && NameOf(handle, name, NameLength) == 0)
                    gpus.Add((index, handle, System.Text.Encoding.UTF8.GetString(name).TrimEnd('\0')));
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            // A machine without NVIDIA's driver: its workers compute on the CPU.
        }
    }

    /// <summary>Their figures; null where there are none.</summary>
    public IReadOnlyList<GpuResources>? Read()
    {
        var read = new List<GpuResources>();
        foreach (var (index, handle, name) in gpus)
        {
            if (Utilization(handle, out var busy) == 0 && MemoryOf(handle, out var memory) == 0)
                read.Add(new(index, name, busy.Gpu / 100.0, (long)memory.Used, (long)memory.Total));
        }
        return read.Count > 0 ? read : null;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Busy
    {
        public uint Gpu;
        public uint Memory;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Memory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }

    // The loader adds what the system's libraries are called with; the driver's file has its version at the end.
    static GpuMonitor() => NativeLibrary.SetDllImportResolver(typeof(GpuMonitor).Assembly, (name, assembly, path) =>
        name == Library && NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1", out var handle)
            ? handle : 0);

    [DllImport(Library, EntryPoint = "nvmlInit_v2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Init();

    [DllImport(Library, EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int HandleOf(uint index, out nint handle);

    [DllImport(Library, EntryPoint = "nvmlDeviceGetName")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NameOf(nint handle, byte[] name, uint length);

    [DllImport(Library, EntryPoint = "nvmlDeviceGetUtilizationRates")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Utilization(nint handle, out Busy busy);

    [DllImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MemoryOf(nint handle, out Memory memory);
}
