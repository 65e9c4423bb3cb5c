using System.CommandLine;
using System.Globalization;
using System.Net;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Pipeline.Options;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Terminal;

namespace R1Cloud.LocalHost.Commands;

/// <summary>The commands that are a host: <c>up</c> and <c>serve</c>.</summary>
internal static class HostCommands
{
    /// <summary>All of them.</summary>
    public static IEnumerable<Command> All(CommandContext context)
    {
        yield return Up(context);
        yield return Serve(context);
    }

    private static ExampleCommand Up(CommandContext context)
    {
        var host = new HostArguments(context);
        var recipe = new RecipeArguments(context);
        var run = new Option<string?>("--run") {
            Description = "The run's id [default: the recipe's name and hash: the same recipe is the same run].", HelpName = "ID" };
        var fresh = new Option<bool>("--fresh") {
            Description = "Start another run although this recipe has one, and run every stage: nothing of other runs is reused." };
        var retry = new Option<bool>("--retry") { Description = "Take up the run if it failed or was cancelled." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say which stages would be reused, and why the others would run." };
        var plain = new Option<bool>("--plain") {
            Description = "Lines of text in place of the live view; the default where there is no terminal." };
        var json = new Option<bool>("--json") { Description = "JSON lines: every event of the run, then the report." };
        var command = new ExampleCommand("up",
            "Trains: starts everything on this machine, runs a recipe and shows it. Ctrl-C stops; the same command goes on where it "
            + "stopped.",
            "./r1 up recipes/quickstart.json",
            "./r1 up recipes/quickstart.json --seed 2 --workers 2",
            "./r1 up recipes/r1-mini.json --dry-run",
            "./r1 up recipes/quickstart.json --gpus 0,1",
            "./r1 up recipes/quickstart.json --set stages.r1-zero.iterations=20 tasks.addition.digits=1") { run, fresh, retry, dryRun,
                plain, json };
        recipe.AddTo(command);
        host.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var loaded = recipe.Load(parsed);
            await TrainerCheck.RunAsync(loaded, context.FindTrainer, cancellation);
            var hosting = host.Read(parsed);
            // Who gives a recipe to this command names its files: its own host may read them, and no others of their folders.
            hosting = hosting with
            {
                AnyPortWillDo = !host.NamesPort(parsed),
                FileFolders = [.. hosting.FileFolders, .. LocalPaths.Find(loaded.ResolvedJson).Select(local => local.Path)],
            };
            if (parsed.GetValue(dryRun)) hosting = hosting with { Port = 0 }; // nobody else is to find it
            if (hosting.Gpus is { } gpus) GpuList.Check(gpus, loaded.Recipe.Workers);
            var options = new UpOptions
            {
                RunId = parsed.GetValue(run),
                Fresh = parsed.GetValue(fresh),
                Retry = parsed.GetValue(retry),
                DryRun = parsed.GetValue(dryRun),
                Plain = parsed.GetValue(plain),
                Json = parsed.GetValue(json),
                Command = $"./r1 up {recipe.File(parsed)}",
            };
            return await WithHostAsync(context, hosting, options.Json, async (running, stop) =>
            {
                using var client = new RunClient(running.Address, running.Key);
                return await new UpSession(context, running, client, options, TimeProvider.System).RunAsync(loaded, stop);
            });
        });
        return command;
    }

    private static ExampleCommand Serve(CommandContext context)
    {
        var host = new HostArguments(context);
        var command = new ExampleCommand("serve", "Serves the run API on this machine until stopped; unfinished runs go on.",
            "./r1 serve", "./r1 serve --port 8080 --files data", "R1_API_KEY=… ./r1 serve --bind 0.0.0.0");
        host.AddTo(command);
        command.SetAction((parsed, _) =>
            WithHostAsync(context, host.Read(parsed) with { LogToConsole = true }, quiet: false, async (running, stop) =>
            {
                await context.Output.WriteLineAsync($"r1 serves at {running.AddressWithKey} (data in {running.Data.Path}); Ctrl-C stops");
                throw new EnvironmentException(await running.Fault.WaitAsync(stop));
            }));
        return command;
    }

    /// <summary>Runs something on a host and stops the host in good order, whatever came of it.</summary>
    internal static async Task<int> WithHostAsync(
        CommandContext context, LocalHostOptions options, bool quiet, Func<LocalHostApp, CancellationToken, Task<int>> use)
    {
        using var stop = new StopSignals();
        LocalHostApp? host = null;
        stop.BeforeHardStop = () => host?.Kill();
        try
        {
            host = await LocalHostApp.StartAsync(options, stop.Graceful);
            if (host.Data.Warning() is { } warning) await context.Error.WriteLineAsync($"r1: warning: {warning}");
            return await use(host, stop.Graceful);
        }
        catch (OperationCanceledException) when (stop.Graceful.IsCancellationRequested)
        {
            if (!quiet) await context.Error.WriteLineAsync("r1: stopping, workers save what they have (Ctrl-C again ends at once)");
            await StopAsync();
            if (quiet) JsonDisplay.Write(context.Output, "stopped", "run the same command to go on");
            else await context.Error.WriteLineAsync("r1: stopped; run the same command to go on");
            return ExitCode.Interrupted;
        }
        finally
        {
            await StopAsync();
        }

        async Task StopAsync()
        {
            if (Interlocked.Exchange(ref host, null) is not { } running) return;
            stop.BeforeHardStop = running.Kill;
            try
            {
                await running.DisposeAsync();
            }
            catch (AggregateException e)
            {
                // The command's own result is reported all the same.
                foreach (var error in e.InnerExceptions) await context.Error.WriteLineAsync($"r1: while stopping: {error.Message}");
            }
        }
    }
}

/// <summary>The options of a host.</summary>
internal sealed class HostArguments(CommandContext context)
{
    private readonly Option<string> data = ClientOptions.DataOption(context);
    private readonly Option<int> port = new("--port") { Description = "The API's port; 0 takes any free one.",
        DefaultValueFactory = _ => LocalHostOptions.DefaultPort };
    private readonly Option<string> bind = new("--bind")
    {
        Description = "The address to listen at; other than loopback needs an API key of yours.", DefaultValueFactory = _ => "127.0.0.1",
    };
    private readonly Option<string?> apiKey = ClientOptions.KeyFileOption(
        "R1_API_KEY, else a new key at each start, which commands find in the data folder");
    private readonly Option<string[]> files = new("--files")
    {
        Description = "A folder below which recipes that come over HTTP may name data files and models; may be given often.",
        HelpName = "DIR",
        DefaultValueFactory = _ => [],
    };
    private readonly Option<string?> services = new("--services")
    {
        Description = "A file with the webhooks and trackers that recipes may name [default: R1_SERVICES].", HelpName = "FILE",
    };
    private readonly Option<int?> workers = new("--workers") {
        Description = "Worker processes a run, in place of the recipe's; the result is the same." };
    private readonly Option<string?> gpus = new("--gpus") {
        Description = "GPUs of this machine, e.g. 0,1: one worker on each, in place of the recipe's count and device.", HelpName = "LIST" };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Limit(port, 0, 65535);
        Limit(workers, 1, 256);
        bind.Validators.Add(result =>
        {
            if (!IPAddress.TryParse(result.GetValueOrDefault<string>(), out _))
                result.AddError("--bind: an IP address is needed, e.g. 127.0.0.1 or 0.0.0.0.");
        });
        gpus.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } list && !GpuList.TryParse(list, out _, out var error)) result.AddError(error);
            if (result.GetResult(workers) is { Implicit: false }) result.AddError("--gpus: one worker a GPU; leave out --workers.");
        });
        foreach (var option in (Option[])[data, port, bind, apiKey, files, services, workers, gpus]) command.Options.Add(option);
    }

    // Refuses numbers out of range; what is not a number, the parser refuses itself.
    private static void Limit(Option option, int min, int max) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && long.TryParse(token.Value, CultureInfo.InvariantCulture, out var number)
            && (number < min || number > max))
            result.AddError($"{option.Name}: {min} to {max} is allowed.");
    });

    /// <summary>Whether a port was chosen.</summary>
    public bool NamesPort(ParseResult parsed) => parsed.GetResult(port) is { Implicit: false };

    /// <summary>What was asked for.</summary>
    public LocalHostOptions Read(ParseResult parsed) => new()
    {
        DataFolder = parsed.GetValue(data)!,
        Port = parsed.GetValue(port),
        Address = IPAddress.Parse(parsed.GetValue(bind)!),
        ApiKey = context.ReadKey(parsed.GetValue(apiKey)),
        FileFolders = [.. (parsed.GetValue(files) ?? []).Select(Path.GetFullPath)],
        Workers = parsed.GetValue(workers),
        Gpus = parsed.GetValue(gpus) is { } list && GpuList.TryParse(list, out var numbers, out _) ? numbers : null,
        GpuJob = context.Environment(WorkerCommand.OverrideVariable),
        Azurite = context.Environment(AzuritePackage.OverrideVariable),
        StorageDetour = context.Environment(Azurite.StorageDetour.Variable),
        Services = parsed.GetValue(services) ?? context.Environment(HostServices.Variable),
    };
}
