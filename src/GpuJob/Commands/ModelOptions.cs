using System.CommandLine;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Commands;

/// <summary>The options that name a model and say how it is kept.</summary>
/// <param name="context">What the command writes to.</param>
internal sealed class ModelOptions(CommandStreams context)
{
    private readonly HubArguments hub = new(context);

    /// <summary>Element types by the names that config.json uses.</summary>
    public static readonly IReadOnlyDictionary<string, ScalarType> Types = new Dictionary<string, ScalarType>(StringComparer.Ordinal)
    {
        ["float32"] = ScalarType.Float32, ["bfloat16"] = ScalarType.BFloat16, ["float16"] = ScalarType.Float16,
    };

    private readonly Option<string> model = new("--model", "-m") {
        Description = "A folder in Hugging Face layout, hf:ORG/NAME[@REVISION] on the Hub, or a .gguf file.", Required = true };
    private readonly Option<string?> adapter = new("--adapter") {
        Description = "A LoRA adapter for it: a folder in PEFT's layout, or hf:ORG/NAME[@REVISION]." };
    private readonly Option<string> type = new("--dtype") {
        Description = "What weights are kept and computed in: float32, bfloat16 or float16.", DefaultValueFactory = _ => "float32" };
    private readonly MachineOptions machine = new();
    private string? unpacked;

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(model);
        command.Options.Add(adapter);
        command.Options.Add(type);
        machine.AddTo(command);
    }

    /// <summary>The model's folder; one of the Hub is fetched first, that of a GGUF file lasts as long as this process.</summary>
    /// <exception cref="BadInputException">The model is not on the Hub, or the GGUF file cannot be read.</exception>
    public async Task<string> FolderAsync(ParseResult parsed)
    {
        var path = await hub.FolderAsync(parsed.GetValue(model)!);
        GgufFile.RefuseOther(path);
        if (!GgufFile.Is(path)) return path;
        if (unpacked is not null) return unpacked;
        var scratch = new ScratchFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => scratch.Dispose();
        GgufUnpacking.Unpack(path, scratch.Path);
        return unpacked = scratch.Path;
    }

    /// <summary>Starts torch and loads the model, with its adapter if one is named.</summary>
    /// <exception cref="BadInputException">The folder, its files or an option is bad.</exception>
    public async Task<(CausalLm Model, Compute Compute)> LoadAsync(ParseResult parsed)
    {
        var placementType = Type(parsed.GetValue(type)!, "--dtype");
        var folder = await FolderAsync(parsed);
        if (!Directory.Exists(folder)) throw new BadInputException($"--model: there is no folder '{folder}'.");
        var compute = machine.Compute(parsed).Value;
        var loaded = CausalLm.Load(folder, new Placement(compute.Device, placementType));
        // A checkpoint in training has its adapter beside the weights.
        if ((parsed.GetValue(adapter) ?? (LoraAdapter.IsIn(folder) ? folder : null)) is { } adapterFolder)
            LoraAdapter.Load(loaded, await hub.FolderAsync(adapterFolder));
        return (loaded, compute);
    }

    /// <summary>An element type by name.</summary>
    /// <exception cref="BadInputException">There is none of that name.</exception>
    public static ScalarType Type(string name, string option) =>
        Types.TryGetValue(name, out var found)
            ? found : throw new BadInputException($"{option}: '{name}' is not known; allowed are {string.Join(", ", Types.Keys)}.");
}
