using System.CommandLine;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob export</c>: writes a model for other programs.</summary>
internal static class ExportCommand
{
    public static Command Create(CommandStreams context)
    {
        var output = new Option<string>("--output", "-o") { Description = "The folder to write; made where it is missing.",
            Required = true };
        var type = new Option<string>("--as") {
            Description = "Element type of the weights: float32, bfloat16 or float16; in a GGUF file also q8_0.",
            DefaultValueFactory = _ => "bfloat16" };
        var format = new Option<string>("--format") {
            Description = "folder: Hugging Face's layout, for transformers and vLLM; gguf: one file, for llama.cpp and Ollama.",
            DefaultValueFactory = _ => "folder" };
        var shard = new Option<double>("--shard-gb") { Description = "Gigabytes of a weights file at most.",
            DefaultValueFactory = _ => ModelExport.DefaultShardBytes / 1e9 };
        var model = new ModelOptions(context);
        var command = new ExampleCommand("export",
            "Writes a model as a folder that transformers and vLLM load as it is, or as a GGUF file; an adapter is merged.",
            "gpujob export --model ./run/checkpoint --output ./released",
                "gpujob export --model ./qwen3 --adapter ./lora --as float32 --output ./merged",
                "gpujob export --model ./run/checkpoint --format gguf --as q8_0 --output ./released.gguf") { output, type, format, shard };
        model.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(format) is not ("folder" or "gguf"))
                throw new BadInputException($"--format is '{parsed.GetValue(format)}'; allowed are folder, gguf.");
            if (parsed.GetValue(format) == "gguf")
            {
                await PackAsync(parsed.GetValue(output)!, parsed.GetValue(type)!, model, parsed);
                await context.Output.WriteLineAsync(parsed.GetValue(output)!);
                return ExitCodes.Done;
            }
            var target = ModelOptions.Type(parsed.GetValue(type)!, "--as");
            var (folder, source) = (parsed.GetValue(output)!, await model.FolderAsync(parsed));
            if (!(parsed.GetValue(shard) > 0)) throw new BadInputException($"--shard-gb is {parsed.GetValue(shard)}; allowed is above 0.");
            if (Path.GetFullPath(folder).TrimEnd('/') == Path.GetFullPath(source).TrimEnd('/'))
                throw new BadInputException("--output is the model's own folder; name another.");
            var (loaded, __) = await model.LoadAsync(parsed);
            using var ___ = loaded;
            ModelExport.Write(loaded, folder, target, source, (long)(parsed.GetValue(shard) * 1e9));
            if (!loaded.Config.ScoreHead) ModelProof.Write(loaded, folder, target); // what an engine must show once it has loaded it
            await context.Output.WriteLineAsync(folder);
            return ExitCodes.Done;
        });
        return command;
    }

    // By way of a folder, where an adapter is merged and the tokenizer's files are as others write them.
    private static async Task PackAsync(string path, string type, ModelOptions model, ParseResult parsed)
    {
        if (!GgufPacking.Types.ContainsKey(type))
            throw new BadInputException($"--as: '{type}' is not known; allowed are {string.Join(", ", GgufPacking.Types.Keys)}.");
        if (Directory.Exists(path)) throw new BadInputException($"--output: '{path}' is a folder; a GGUF file is one file.");
        using var scratch = new ScratchFolder();
        var (loaded, _) = await model.LoadAsync(parsed);
        using (loaded) ModelExport.Write(loaded, scratch.Path, ScalarType.Float32, await model.FolderAsync(parsed));
        GgufPacking.Pack(scratch.Path, path, type);
    }
}
