using System.CommandLine;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob export</c>: writes a model for other programs.</summary>
internal static class ExportCommand
{
    public static Command Create(CommandStreams context)
    {
        var output = new Option<string>("--output", "-o") { Description = "The folder to write; made where it is missing.",
            Required = true };
        var type = new Option<string>("--as") { Description = "Element type of the weights: float32, bfloat16 or float16.",
            DefaultValueFactory = _ => "bfloat16" };
        var shard = new Option<double>("--shard-gb") { Description = "Gigabytes of a weights file at most.",
            DefaultValueFactory = _ => ModelExport.DefaultShardBytes / 1e9 };
        var model = new ModelOptions();
        var command = new ExampleCommand("export",
            "Writes a model as a folder that transformers and vLLM load as it is; an adapter is merged.",
            "gpujob export --model ./run/checkpoint --output ./released",
                "gpujob export --model ./qwen3 --adapter ./lora --as float32 --output ./merged") { output, type, shard };
        model.AddTo(command);
        command.SetAction((parsed, _) => context.GuardAsync(() =>
        {
            var target = ModelOptions.Type(parsed.GetValue(type)!, "--as");
            var (folder, source) = (parsed.GetValue(output)!, model.Folder(parsed));
            if (!(parsed.GetValue(shard) > 0)) throw new BadInputException($"--shard-gb is {parsed.GetValue(shard)}; allowed is above 0.");
            if (Path.GetFullPath(folder).TrimEnd('/') == Path.GetFullPath(source).TrimEnd('/'))
                throw new BadInputException("--output is the model's own folder; name another.");
            var (loaded, __) = model.Load(parsed);
            using var ___ = loaded;
            ModelExport.Write(loaded, folder, target, source, (long)(parsed.GetValue(shard) * 1e9));
            context.Output.WriteLine(folder);
            return Task.FromResult(ExitCodes.Done);
        }));
        return command;
    }
}
