using System.CommandLine;
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

    // A folder that is named is its namer's business; the usual one must be this user's own.
    private static string CacheFolder => Environment.GetEnvironmentVariable(CheckpointStore.CacheVariable) is { Length: > 0 } named
        ? named
        : Path.Combine(PrivateFolder.Ensure(PrivateFolder.Cache(Environment.GetEnvironmentVariable)), "checkpoints");
}
