using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.LocalHost.Torture;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared;
using R1Cloud.Terminal;

namespace R1Cloud.LocalHost.Commands;

/// <summary><c>r1 torture</c>: shows that a run ends with the same bits whatever dies on the way.</summary>
internal static class TortureCommand
{
    // As many as recipes may allow: how often a job may die is not what is asked here.
    private const int MaxLost = 1000, MaxAttempts = 100;

    // The heartbeat is short, so that a frozen worker's job is taken by another while it stands still.
    private const int HeartbeatSeconds = 5;

    private static readonly TimeSpan Freeze = TimeSpan.FromSeconds(1.6 * HeartbeatSeconds);

    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var recipe = new RecipeArguments(context, takesRunOptions: false);
        var kills = Number("--kills", "How often to kill, freeze or terminate something.", 20, 0);
        var faults = Number("--faults", "How many faults of storage are to happen: refusals, lost answers, broken connections, slow bytes, "
            + "messages twice or late.", 0, 0);
        var seed = Number("--seed", "Decides when, whom and how.", 1, 0);
        var workers = Number("--workers", "Worker processes: at least two, for one to take what the other loses.", 2, 1);
        var folder = new Option<string>("--folder") { Description = "Where the runs' data goes; removed when all is well.",
            DefaultValueFactory = _ => ".r1-torture", HelpName = "DIR" };
        var keep = new Option<bool>("--keep") { Description = "Keep the runs' data." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new ExampleCommand("torture",
            "Runs a recipe once undisturbed, then while its processes are killed and its storage fails; compares all that the runs made.",
            "./r1 torture recipes/quickstart.json --kills 20",
            "./r1 torture recipes/quickstart.json --kills 200 --faults 1000 --seed 7 --json")
        {
            kills, faults, seed, workers, folder, keep, json,
        };
        recipe.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            if (OperatingSystem.IsWindows()) throw new EnvironmentException("Torture needs signals, which this system does not have.");
            string[] raised =
                [$"jobs.maxLost={MaxLost}", $"jobs.maxAttempts={MaxAttempts}", $"jobs.heartbeatTimeoutSeconds={HeartbeatSeconds}"];
            var arguments = recipe.Again(parsed, raised);
            await TrainerCheck.RunAsync(recipe.Load(parsed), context.FindTrainer, CancellationToken.None);
            using var stop = new StopSignals();
            await context.Error.WriteLineAsync($"r1: the runs have {string.Join(", ", raised)}");
            var options = new TortureOptions
            {
                Program = ThisProgram(),
                Arguments = [.. arguments, "--workers", parsed.GetValue(workers).ToString(CultureInfo.InvariantCulture)],
                Folder = Path.GetFullPath(parsed.GetValue(folder)!),
                Azurite = AzuritePackage.Find(context.Environment(AzuritePackage.OverrideVariable), AppContext.BaseDirectory),
                Kills = parsed.GetValue(kills), Faults = parsed.GetValue(faults), Seed = parsed.GetValue(seed), Freeze = Freeze,
                Keep = parsed.GetValue(keep),
            };
            var report = await new Torturer(options, TimeProvider.System, text => context.Error.WriteLine("r1: " + text))
                .RunAsync(stop.Graceful);
            if (parsed.GetValue(json)) await context.Output.WriteLineAsync(JsonSerializer.Serialize(report.Summary, R1Json.Options));
            else new TortureView(context.Console).Write(report);
            return report.IsSame ? ExitCode.Ok : ExitCode.RunFailed;
        });
        return command;
    }

    private static Option<int> Number(string name, string description, int otherwise, int least)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => otherwise, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var number) && number < least)
                result.AddError($"{name}: at least {least} is needed.");
        });
        return option;
    }

    // As this very process was started.
    private static string[] ThisProgram()
    {
        var path = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(path) == "dotnet" ? [path, Path.Combine(AppContext.BaseDirectory, "r1.dll")] : [path];
    }
}
