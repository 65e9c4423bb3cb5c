using System.CommandLine;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Commands;

/// <summary>The options that name a model and say how it is kept.</summary>
internal sealed class ModelOptions
{
    /// <summary>Element types by the names that config.json uses.</summary>
    public static readonly IReadOnlyDictionary<string, ScalarType> Types = new Dictionary<string, ScalarType>(StringComparer.Ordinal)
    {
        ["float32"] = ScalarType.Float32, ["bfloat16"] = ScalarType.BFloat16, ["float16"] = ScalarType.Float16,
    };

    private readonly Option<string> model = new("--model", "-m") { Description = "A folder in Hugging Face layout.", Required = true };
    private readonly Option<string?> adapter = new("--adapter") { Description = "A LoRA adapter for it, a folder in PEFT's layout." };
    private readonly Option<string> type = new("--dtype") {
        Description = "What weights are kept and computed in: float32, bfloat16 or float16.", DefaultValueFactory = _ => "float32" };
    private readonly MachineOptions machine = new();

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(model);
        command.Options.Add(adapter);
        command.Options.Add(type);
        machine.AddTo(command);
    }

    /// <summary>The model's folder.</summary>
    public string Folder(ParseResult parsed) => parsed.GetValue(model)!;

    /// <summary>Starts torch and loads the model, with its adapter if one is named.</summary>
    /// <exception cref="BadInputException">The folder, its files or an option is bad.</exception>
    public (CausalLm Model, Compute Compute) Load(ParseResult parsed)
    {
        var placementType = Type(parsed.GetValue(type)!, "--dtype");
        var folder = Folder(parsed);
        if (!Directory.Exists(folder)) throw new BadInputException($"--model: there is no folder '{folder}'.");
        var compute = machine.Compute(parsed).Value;
        var loaded = CausalLm.Load(folder, new Placement(compute.Device, placementType));
        // A checkpoint in training has its adapter beside the weights.
        if ((parsed.GetValue(adapter) ?? (LoraAdapter.IsIn(folder) ? folder : null)) is { } adapterFolder)
            LoraAdapter.Load(loaded, adapterFolder);
        return (loaded, compute);
    }

    /// <summary>An element type by name.</summary>
    /// <exception cref="BadInputException">There is none of that name.</exception>
    public static ScalarType Type(string name, string option) =>
        Types.TryGetValue(name, out var found)
            ? found : throw new BadInputException($"{option}: '{name}' is not known; allowed are {string.Join(", ", Types.Keys)}.");
}
