using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Recipes.Loading;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary>What <c>up</c> was asked for.</summary>
internal sealed record UpOptions
{
    /// <summary>The run's id; null derives it from the recipe.</summary>
    public string? RunId { get; init; }
    /// <summary>Start another run even if the recipe's run exists, and take over nothing.</summary>
    public bool Fresh { get; init; }
    /// <summary>Only say what would be taken over.</summary>
    public bool DryRun { get; init; }
    /// <summary>Take up a failed or cancelled run.</summary>
    public bool Retry { get; init; }
    /// <summary>Lines of text in place of the live view.</summary>
    public bool Plain { get; init; }
    /// <summary>JSON lines only.</summary>
    public bool Json { get; init; }
    /// <summary>What to type to do this again.</summary>
    public required string Command { get; init; }
}

/// <summary>Starts or takes up a run on a host, over HTTP like any client, and shows it until it ends.</summary>
internal sealed class UpSession(CommandContext context, LocalHostApp host, RunClient client, UpOptions options, TimeProvider time)
{
    /// <summary>Sees the run through.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public async Task<int> RunAsync(LoadedRecipe recipe, CancellationToken stop)
    {
        var id = options.RunId ?? (options.Fresh ? await RunNames.FreshAsync(recipe, IsTakenAsync) : RunNames.For(recipe));
        if (options.DryRun || !await IsTakenAsync(id)) await AnnounceAsync(id, recipe, stop);
        if (options.DryRun) return ExitCode.Ok;
        foreach (var other in (await client.ListAllAsync("queued,running", stop)).Where(run => run.Id != id))
            await PauseAsync(other.Id, stop);

        var run = await client.StartAsync(id, recipe.ResolvedJson, reuse: !options.Fresh, stop);
        if (run.Status is RunStatus.Failed or RunStatus.Cancelled)
        {
            if (!options.Retry) return TellFailed(run);
            await client.SteerAsync(ApiRoutes.Retry, id, null, stop);
        }
        if (run.Status == RunStatus.Paused) await client.SteerAsync(ApiRoutes.Resume, id, null, stop);
        if (run.Status == RunStatus.Completed)
            Say($"run {id} was completed on {run.EndedAt?.ToLocalTime():yyyy-MM-dd HH:mm}; here is its report again (--fresh starts "
                + $"another run)");
        else if (run.Stages.Any(stage => stage.Status != StageStatus.Pending)) Say($"run {id} goes on where it stopped");
        else Say($"run {id}");
        if (run.Status != RunStatus.Completed) Say($"at {host.AddressWithKey}");

        if (run.Status != RunStatus.Completed) await FollowAsync(id, stop);
        run = await client.GetAsync(id, stop);
        if (run is { Status: RunStatus.Paused, Budget.Held: { } held }) return TellHeld(run, held);
        return run.Status == RunStatus.Completed ? await ReportAsync(run, stop) : TellFailed(run);

        async Task<bool> IsTakenAsync(string taken) => await client.FindAsync(taken, stop) is not null;
    }

    // Says which stages are taken over, and why the others run, before any does.
    private async Task AnnounceAsync(string id, LoadedRecipe recipe, CancellationToken stop)
    {
        var plan = await client.ReuseAsync(recipe.ResolvedJson, reuse: !options.Fresh, stop);
        if (options.Json) JsonDisplay.Write(context.Output, "reuse", new { Run = id, plan.Stages });
        else if (options.DryRun || plan.Stages.Any(stage => stage.Reason != "new")) new ReuseView(context.Console).Write(plan);
    }

    private async Task FollowAsync(string id, CancellationToken stop)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        IRunDisplay display = options.Json ? new JsonDisplay(context.Output)
            : context.IsLive && !options.Plain ? new ScreenDisplay(context.Console, time)
            : new PlainDisplay(context.Output, time);
        var shown = display.ShowAsync(RunWatcher.FollowAsync(client, id, watching.Token),
            new WatchedRun(client.Address, time.GetUtcNow()));
        var held = HeldAsync(id, watching.Token);
        var first = await Task.WhenAny(shown, held, host.Workers.Broken, host.Fault);
        if (first == held && held.IsCompletedSuccessfully)
        {
            await watching.CancelAsync();
            await shown.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }
        if (first == shown || first == held)
        {
            await shown;
            return;
        }

        await watching.CancelAsync();
        await shown.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        throw new EnvironmentException(host.Fault.IsCompleted
            ? await host.Fault
            : $"Workers cannot start on this machine. {await host.Workers.Broken}{Environment.NewLine}Their "
                + $"logs: {host.Data.WorkerLog(id, "*")}");
    }

    // Ends when the run's budget holds it: nothing more happens by itself.
    private async Task HeldAsync(string id, CancellationToken stop)
    {
        while (await client.GetAsync(id, stop) is not { Status: RunStatus.Paused, Budget.Held: not null })
            await Task.Delay(TimeSpan.FromSeconds(2), time, stop);
    }

    private int TellHeld(RunView run, string held)
    {
        context.Error.WriteLine($"r1: run {run.Id} is paused by its budget. {held}");
        context.Error.WriteLine($"r1: to go on: ./r1 serve, then ./r1 resume {run.Id} --budget AMOUNT");
        return ExitCode.RunFailed;
    }

    // Whoever types up wants this run to have the machine.
    private async Task PauseAsync(string id, CancellationToken stop)
    {
        try
        {
            await client.SteerAsync(ApiRoutes.Pause, id, null, stop);
            Say($"run {id} is unfinished and now paused: `r1 up` with its recipe goes on with it");
        }
        catch (RequestRefusedException)
        {
            // It has ended just now.
        }
    }

    private async Task<int> ReportAsync(RunView run, CancellationToken stop)
    {
        var report = await client.ReportAsync(run.Id, stop);
        var files = await RunFiles.CopyAsync(host.Blobs, run, host.Data.Run(run.Id), stop);
        if (options.Json)
            JsonDisplay.Write(context.Output, "report",
                new { Report = report, Files = files.ToDictionary(file => file.What, file => file.Path) });
        else new ReportView(context.Console).Write(report, files);
        return ExitCode.Ok;
    }

    private int TellFailed(RunView run)
    {
        var stage = run.Stages.FirstOrDefault(stage => stage.Status is StageStatus.Failed or StageStatus.Cancelled);
        context.Error.WriteLine(
            $"r1: run {run.Id} {run.Status.ToString().ToLowerInvariant()}{(stage is null ? "" : $" in stage {stage.Label}")}: {run.Error ?? stage?.Error}");
        context.Error.WriteLine($"r1: to take it up again: {options.Command} --retry    another run: {options.Command} --fresh");
        context.Error.WriteLine($"r1: logs: {Path.GetRelativePath(Environment.CurrentDirectory, host.Data.Logs)}");
        return ExitCode.RunFailed;
    }

    private void Say(string text)
    {
        if (options.Json) JsonDisplay.Write(context.Output, "note", text);
        else context.Console.MarkupLine($"[grey]{Markup.Escape(text)}[/]");
    }
}
