using System.CommandLine;
using System.Text.Json;
using R1Cloud.Datasets;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Checking;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Work;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob check</c>: looks at a recipe's inputs as its jobs will.</summary>
internal static class CheckCommand
{
    private const string FromInput = "-";

    public static Command Create(CommandStreams context)
    {
        var recipe = new Argument<string>("recipe") { Description = $"The recipe: a JSON file, or {FromInput} for the standard input." };
        var storageOption = new Option<string?>("--storage") {
            Description =
            $"Where inputs in storage are: a folder, a connection string or a storage account's URL; {StorageConnection.Variable} when "
            + $"left out. Without any they are left to the run." };
        var memory = new Option<double?>("--device-memory") {
            Description = "A GPU's memory in gigabytes, to hold stages to; this machine's first one when left out, if it has one." };
        var json = new Option<bool>("--json") { Description = "Print problems and measured rows as JSON." };
        var command = new ExampleCommand("check",
            "Loads a recipe's models' tokenizers and measures every row of its data in the form in which its stage puts it.",
            "gpujob check recipe.json", "gpujob check recipe.json --storage ./blobs --device-memory 24 --json")
        {
            recipe, storageOption, memory, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            using var signals = new WorkerStopSignals(parentPipe: false, TimeSpan.Zero);
            using var scratch = new ScratchFolder();
            var source = parsed.GetValue(storageOption) ?? Environment.GetEnvironmentVariable(StorageConnection.Variable);
            var blobs = string.IsNullOrEmpty(source) ? null : StorageConnection.Open(source).Blobs;
            var hub = new HubArguments(context).Reader;
            var told = parsed.GetValue(memory);
            if (told is not (null or (> 0 and < 1e6)))
                throw new BadInputException($"--device-memory is {told}; allowed is a number of gigabytes above 0.");
            var fit = new DeviceFit(() => told is { } gigabytes ? gigabytes * 1e9 : MachineOptions.GpuBytes([0]));
            var check = new InputCheck(await ReadAsync(parsed.GetValue(recipe)!, context, hub), blobs, hub, scratch.Path, fit);
            return Tell(await check.RunAsync(signals.Token), context, parsed.GetValue(json));
        });
        return command;
    }

    private static async Task<Recipe> ReadAsync(string file, CommandStreams context, IHubReader hub)
    {
        try
        {
            return (file == FromInput
                ? RecipeLoader.Parse(await context.Input.ReadToEndAsync(), "the recipe", hub: hub)
                : RecipeLoader.LoadFile(file, DatasetReader.Instance, hub)).Recipe.Expand();
        }
        catch (RecipeException e)
        {
            throw new BadInputException(string.Join(Environment.NewLine, e.Problems), e);
        }
    }

    private static int Tell(CheckReport report, CommandStreams context, bool json)
    {
        if (json) context.Output.WriteLine(JsonSerializer.Serialize(report, R1Json.Options));
        else foreach (var rows in report.Rows)
            context.Output.WriteLine(
                $"{rows.Field}: {rows.Measured} rows "
                + $"of {rows.Task}{(rows.LeftOut > 0 ? $", {rows.LeftOut} of them left out: the model has no room for them" : "")}");
        foreach (var problem in report.Problems) context.Error.WriteLine(problem);
        return report.Problems.Count > 0 ? ExitCodes.BadInput : ExitCodes.Done;
    }
}
