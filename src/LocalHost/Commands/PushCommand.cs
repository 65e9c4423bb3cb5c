using System.CommandLine;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Terminal;

namespace R1Cloud.LocalHost.Commands;

/// <summary><c>r1 push</c>: brings data files and model folders to where a remote host's workers see them.</summary>
internal static class PushCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var paths = new Argument<string[]>("path") { Description =
            "Files (.jsonl, .parquet), model folders, and names on the Hub (hf:ORG/NAME[@REVISION]).",
            Arity = ArgumentArity.OneOrMore };
        var dataset = new Option<bool>("--dataset") { Description =
            "Names on the Hub are data sets: hf:ORG/NAME[/CONFIG[/SPLIT]][@REVISION]." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var storage = new StorageArgument(context);
        var command = new ExampleCommand("push",
            "Copies files and folders into a run's storage, by content: what is there is not sent again. Prints the blob: paths for "
            + "recipes.",
            "./r1 push data/train.jsonl --storage https://ACCOUNT.blob.core.windows.net", "./r1 push models/base --json",
                "./r1 push hf:Qwen/Qwen2.5-1.5B", "./r1 push hf:openai/gsm8k/main/train") { paths, dataset, json };
        storage.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using var stop = new StopSignals();
            var name = storage.Name(parsed)
                ?? throw new BadInputException($"No storage is named: give --storage or set {StorageConnection.Variable}.");
            var pushed = await storage.PushAsync(name, parsed.GetValue(paths)!, parsed.GetValue(json), stop.Graceful,
                parsed.GetValue(dataset));
            if (parsed.GetValue(json)) context.WriteJson(pushed);
            else foreach (var item in pushed) await context.Output.WriteLineAsync(item.Path);
            return ExitCode.Ok;
        });
        return command;
    }
}
