using System.CommandLine;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Pipeline.Report;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Terminal;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary><c>r1 verify</c>: runs a recipe with several seeds and says whether each run ends inside the recipe's bands.</summary>
internal static class VerifySeedsCommand
{
    private const int MostSeeds = 100;

    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var host = new HostArguments(context);
        var recipe = new RecipeArguments(context);
        var seeds = new Option<int>("--seeds") {
            Description = "How many seeds: the recipe's and those after it.", DefaultValueFactory = _ => 3, HelpName = "N" };
        var command = new ExampleCommand("verify",
            "Runs a recipe with several seeds and says whether each ends inside the bands that its evaluation expects. What is done is not "
            + "done again.", "./r1 verify recipes/quickstart.json --seeds 3") { seeds };
        recipe.AddTo(command);
        host.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var count = parsed.GetValue(seeds);
            if (count is < 1 or > MostSeeds) throw new BadInputException($"--seeds {count} is not allowed; allowed: 1 to {MostSeeds}.");
            var first = recipe.Load(parsed);
            if (first.Recipe.Evaluation?.Expect is not { Count: > 0 })
                throw new BadInputException($"{recipe.File(parsed)}: evaluation.expect names no band: there is nothing to verify.");
            await TrainerCheck.RunAsync(first, context.FindTrainer, cancellation);
            var hosting = host.Read(parsed);
            hosting = hosting with
            {
                AnyPortWillDo = !host.NamesPort(parsed),
                FileFolders = [.. hosting.FileFolders, .. LocalPaths.Find(first.ResolvedJson).Select(local => local.Path)],
            };
            return await HostCommands.WithHostAsync(context, hosting, quiet: false, async (running, stop) =>
            {
                using var client = new RunClient(running.Address, running.Key);
                var reports = new List<RunReport>();
                for (var place = 0; place < count; place++)
                {
                    var loaded = recipe.Load(parsed, first.Recipe.Seed + place);
                    var options = new UpOptions { Plain = true, Command = $"./r1 verify {recipe.File(parsed)}" };
                    var code = await new UpSession(context, running, client, options, TimeProvider.System).RunAsync(loaded, stop);
                    if (code != ExitCode.Ok) return code;
                    reports.Add(await client.ReportAsync(RunNames.For(loaded), stop));
                }
                return Tell(context, reports);
            });
        });
        return command;
    }

    private static int Tell(CommandContext context, List<RunReport> reports)
    {
        var rows = reports.SelectMany(report =>
            report.Bands.Select(band => (IReadOnlyList<string>)[$"{report.Seed}", .. ReportTables.Row(band)]));
        foreach (var line in TextTable.Lines(new(["seed", .. ReportTables.BandHead], [.. rows]), null)) context.Console.WriteMarkup(line);
        var outside = reports.Count(report => report.Bands.Any(band => !band.Inside));
        context.Console.WriteMarkup(outside == 0
            ? $" [green]all {reports.Count} seeds are inside[/]" : $" [red]{outside} of {reports.Count} seeds are outside[/]");
        return outside == 0 ? ExitCode.Ok : ExitCode.Outside;
    }
}
