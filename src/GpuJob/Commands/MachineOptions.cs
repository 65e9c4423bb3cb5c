using System.CommandLine;
using System.Globalization;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Work;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;
using TorchSharp;

namespace R1Cloud.GpuJob.Commands;

/// <summary>The options that say where and how tensors are computed.</summary>
/// <param name="several">Whether several devices may compute.</param>
internal sealed class MachineOptions(bool several = false)
{
    private readonly Option<string> device = new("--device") { Description = (several ? DeviceList.Several : DeviceList.One) + ".",
        DefaultValueFactory = _ => "auto" };
    private const int MostGpus = 64; // of a machine

    private readonly Option<int> threads = new("--threads") { Description = "CPU threads; 0 for one a core." };
    private readonly Option<bool> fast = new("--fast") { Description = "Allow kernels whose last bits differ from run to run." };

    private readonly Option<string?> libtorch = new("--libtorch") {
        Description = "The folder of this machine's own libtorch, for a build without." };

    private readonly Option<int> perReplica = new("--devices-per-replica") {
        Description = "Devices that the layers of each model are spread over, where it does not fit on one.",
        DefaultValueFactory = _ => 1 };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(device);
        if (several) command.Options.Add(perReplica);
        command.Options.Add(threads);
        command.Options.Add(fast);
        command.Options.Add(libtorch);
    }

    /// <summary>Prepares the device when it is first needed.</summary>
    public Lazy<Compute> Compute(ParseResult parsed) => new(() =>
    {
        if (parsed.GetValue(libtorch) is { } folder) NativeTorch.Use(folder);
        return Numerics.Compute.Start(parsed.GetValue(device)!, parsed.GetValue(threads), !parsed.GetValue(fast), several,
            several ? parsed.GetValue(perReplica) : 1);
    });

    /// <summary>The resident models, which start the device when they are first needed.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="engines">The engines that sample where a job asks for one; null for none.</param>
    public ResidentModels Models(ParseResult parsed, EngineLinks? engines = null)
    {
        var compute = Compute(parsed);
        return new(compute, CacheFolder, engines,
            new DeviceFit(() => compute.Value.Device.type == DeviceType.CUDA
                ? GpuBytes(Gpus(parsed)) * compute.Value.Group.Replicas[0].Count : null));
    }

    /// <summary>The memory of the first of some GPUs; null where there is none, or it does not tell.</summary>
    public static double? GpuBytes(IReadOnlyList<int> gpus) => new GpuMonitor(gpus).Read()?[0].MemoryLimitBytes;

    /// <summary>The numbers of the GPUs that are computed on where there are any, as their driver counts them.</summary>
    public IReadOnlyList<int> Gpus(ParseResult parsed) =>
        DriverNumbers(parsed.GetValue(device)!, Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") ?? "");

    /// <summary>The same of a list of devices: more than there may be where all are meant.</summary>
    /// <param name="devices">As of <see cref="DeviceList.Several"/>.</param>
    /// <param name="visible">The numbers of those that CUDA is shown, which it counts from 0; empty for all.</param>
    internal static IReadOnlyList<int> DriverNumbers(string devices, string visible)
    {
        if (devices.StartsWith("cpu", StringComparison.Ordinal)) return [];
        var shown = visible.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var chosen = devices is "auto" or "cuda"
            ? Enumerable.Range(0, shown.Length > 0 ? shown.Length : MostGpus)
            : devices.Split(',').Select(name => name.Split(':') is [_, var number]
                && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : 0);
        return [.. chosen.Select(place => place < shown.Length
            && int.TryParse(shown[place], NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : place)];
    }

    /// <summary>Where checkpoints are kept on this machine.</summary>
    // A folder that is named is its namer's business; the usual one must be this user's own.
    public static string CacheFolder => Environment.GetEnvironmentVariable(CheckpointStore.CacheVariable) is { Length: > 0 } named
        ? named
        : Path.Combine(PrivateFolder.Ensure(PrivateFolder.Cache(Environment.GetEnvironmentVariable)), "checkpoints");
}
