using System.CommandLine;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared.Checkpoints;

namespace R1Cloud.GpuJob.Commands;

/// <summary>The options that say where and how tensors are computed.</summary>
internal sealed class MachineOptions
{
    private readonly Option<string> device = new("--device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => "auto" };
    private readonly Option<int> threads = new("--threads") { Description = "CPU threads; 0 for one a core." };
    private readonly Option<bool> fast = new("--fast") { Description = "Allow kernels whose last bits differ from run to run." };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(device);
        command.Options.Add(threads);
        command.Options.Add(fast);
    }

    /// <summary>Prepares the device when it is first needed.</summary>
    public Lazy<Compute> Compute(ParseResult parsed) =>
        new(() => Numerics.Compute.Start(parsed.GetValue(device)!, parsed.GetValue(threads), deterministic: !parsed.GetValue(fast)));

    /// <summary>The resident models, which start the device when they are first needed.</summary>
    public ResidentModels Models(ParseResult parsed) => new(Compute(parsed), CacheFolder);

    private static string CacheFolder => Environment.GetEnvironmentVariable(CheckpointStore.CacheVariable) is { Length: > 0 } named
        ? named
        : Path.Combine(UserFolder, "r1-cloud", "checkpoints");

    // The temporary folder is everybody's: what one user leaves there another cannot write to.
    private static string UserFolder => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
        : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home && Directory.Exists(home) ? Path.Combine(home, ".cache")
        : Path.Combine(Path.GetTempPath(), $"r1-{Environment.UserName}-{Environment.ProcessId}");
}
