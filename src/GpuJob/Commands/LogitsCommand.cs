using System.CommandLine;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob logits</c>: what a model predicts at every position of given token ids.</summary>
internal static class LogitsCommand
{
    public static Command Create(CommandStreams context)
    {
        var input = new Option<string>("--input", "-i") { Description = "Token ids, a JSON array a line; - for the standard input.",
            Required = true };
        var output = new Option<string>("--output",
            "-o") { Description = "The safetensors file to write: logits.0, logits.1, … float32 [tokens, vocabulary].", Required = true };
        var model = new ModelOptions(context);
        var command = new ExampleCommand("logits", "Writes a model's logits of given token ids.",
            "gpujob logits --model ./qwen3 --input ids.jsonl --output logits.safetensors") { input, output };
        model.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (loaded, _) = await model.LoadAsync(parsed);
            using var __ = loaded;
            using var ___ = no_grad();
            using var scope = NewDisposeScope();
            var logits = new List<(string, Tensor)>();
            foreach (var (index, ids) in TokenIdLines.Read(parsed.GetValue(input)!, context, loaded.Config.VocabularySize).Index())
            {
                cancellation.ThrowIfCancellationRequested();
                using var inner = NewDisposeScope();
                var rows = tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length], device: loaded.Device);
                logits.Add(($"logits.{index}", loaded.forward(rows).squeeze(0).cpu().MoveToOuterDisposeScope()));
            }
            try
            {
                SafetensorsWriter.Write(parsed.GetValue(output)!, logits);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new BadInputException($"--output: {error.Message}", error);
            }
            return ExitCodes.Done;
        });
        return command;
    }
}
