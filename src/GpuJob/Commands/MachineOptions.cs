using System.CommandLine;
using System.Globalization;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Commands;

/// <summary>The options that say where and how tensors are computed.</summary>
internal sealed class MachineOptions
{
    private readonly Option<string> device = new("--device") { Description = "auto, cpu, cuda or cuda:N.",
        DefaultValueFactory = _ => "auto" };
    private readonly Option<int> threads = new("--threads") { Description = "CPU threads; 0 for one a core." };
    private readonly Option<bool> fast = new("--fast") { Description = "Allow kernels whose last bits differ from run to run." };

    private readonly Option<string?> libtorch = new("--libtorch") {
        Description = "The folder of this machine's own libtorch, for a build without." };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(device);
        command.Options.Add(threads);
        command.Options.Add(fast);
        command.Options.Add(libtorch);
    }

    /// <summary>Prepares the device when it is first needed.</summary>
    public Lazy<Compute> Compute(ParseResult parsed) => new(() =>
    {
        if (parsed.GetValue(libtorch) is { } folder) NativeTorch.Use(folder);
        return Numerics.Compute.Start(parsed.GetValue(device)!, parsed.GetValue(threads), deterministic: !parsed.GetValue(fast));
    });

    /// <summary>The resident models, which start the device when they are first needed.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="engines">The engines that sample where a job asks for one; null for none.</param>
    public ResidentModels Models(ParseResult parsed, EngineLinks? engines = null) => new(Compute(parsed), CacheFolder, engines);

    /// <summary>The numbers of the GPUs that are computed on where there are any, as their driver counts them.</summary>
    public IReadOnlyList<int> Gpus(ParseResult parsed)
    {
        var name = parsed.GetValue(device)!;
        if (name == "cpu") return [];
        var chosen = name.Split(':') is [_, var number]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : 0;
        // CUDA counts those that it is shown.
        var shown = (Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") ?? "").Split(',', StringSplitOptions.TrimEntries);
        return chosen < shown.Length && int.TryParse(shown[chosen], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? [index] : [chosen];
    }

    /// <summary>Where checkpoints are kept on this machine.</summary>
    // A folder that is named is its namer's business; the usual one must be this user's own.
    public static string CacheFolder => Environment.GetEnvironmentVariable(CheckpointStore.CacheVariable) is { Length: > 0 } named
        ? named
        : Path.Combine(PrivateFolder.Ensure(PrivateFolder.Cache(Environment.GetEnvironmentVariable)), "checkpoints");
}
