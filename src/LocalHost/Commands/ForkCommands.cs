using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Terminal;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary><c>r1 fork</c> and <c>r1 remove</c>: runs that begin with others, and what becomes of those.</summary>
internal static class ForkCommands
{
    /// <summary>Both.</summary>
    public static IEnumerable<Command> All(CommandContext context, ClientOptions client, Argument<string> run)
    {
        var at = new Option<string>("--at")
        {
            Description = "Where it leaves the run: a stage's latest checkpoint, one that is kept, or with :0 the stage's beginning.",
            HelpName = "STAGE[:ITERATION]", Required = true,
        };
        var set = new Option<string[]>("--set")
        {
            Description = "What is other from there on, e.g. stages.r1-zero.optimizer.learningRate=1e-4; may be given often.",
            HelpName = "path=value", AllowMultipleArgumentsPerToken = true,
        };
        var name = new Option<string?>("--name")
        {
            Description = "The fork's id [default: derived from all this, so that the same order is the same fork].", HelpName = "ID",
        };
        yield return client.Command(
            new ExampleCommand("fork",
                "Starts a run whose earlier stages and iterations are another run's, by reference, and that goes on with other settings.",
                "./r1 fork quickstart-1a2b3c4d --at r1-zero:10 --set stages.r1-zero.optimizer.learningRate=1e-4",
                "./r1 fork quickstart-1a2b3c4d --at r1-zero --set stages.r1-zero.iterations=40 --name longer") { run, at, set, name },
            async (http, parsed, cancellation) =>
            {
                var settings = (parsed.GetValue(set) ?? []).Select(RecipeSettings.Parse)
                    .ToDictionary(one => one.Key, one => JsonSerializer.SerializeToElement(one.Value));
                var fork = new ForkRequest(parsed.GetValue(at)!, settings, parsed.GetValue(name));
                return RunCommands.ShowStatus(context, http, await http.ForkAsync(parsed.GetValue(run)!, fork, cancellation),
                    client.IsJson(parsed));
            });
        yield return client.Command(
            new ExampleCommand("remove",
                "Removes a finished run with all that it made. What other runs need of it stays until they are removed, too.",
                "./r1 remove quickstart-1a2b3c4d") { run },
            async (http, parsed, cancellation) =>
            {
                var removed = await http.RemoveAsync(parsed.GetValue(run)!, cancellation);
                if (client.IsJson(parsed)) context.WriteJson(removed);
                else Show(context, removed);
                return ExitCode.Ok;
            });
    }

    private static void Show(CommandContext context, RunRemovalView removed)
    {
        context.Console.WriteMarkup(string.Create(CultureInfo.InvariantCulture,
            $" removed {Markup.Escape(removed.RunId)}: {removed.Removed} files, {removed.Bytes / 1e6:0.0} MB"));
        foreach (var kept in removed.Kept)
            context.Console.WriteMarkup($" [grey]kept {Markup.Escape(kept.Path)} for {Markup.Escape(string.Join(", ", kept.By))}[/]");
    }
}
