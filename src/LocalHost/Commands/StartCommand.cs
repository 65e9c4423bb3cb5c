using System.CommandLine;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Storage;
using R1Cloud.Terminal;

namespace R1Cloud.LocalHost.Commands;

/// <summary><c>r1 start</c>: starts a run on a host that runs already, in Azure for one, and leaves it to itself.</summary>
internal static class StartCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var recipe = new RecipeArguments(context);
        var run = new Option<string?>("--run") {
            Description = "The run's id [default: the recipe's name and hash: the same recipe is the same run].", HelpName = "ID" };
        var fresh = new Option<bool>("--fresh") {
            Description = "Start another run although this recipe has one, and run every stage: nothing of other runs is reused." };
        var storage = new StorageArgument(context);
        var client = new ClientOptions(context);
        var command = new ExampleCommand("start",
            "Starts a run on a running host, e.g. in Azure. Local data files and model folders are pushed to its storage first.",
            "./r1 start recipes/quickstart.json --url https://APP.azurewebsites.net",
                "./r1 start recipes/r1-paper.json --storage https://ACCOUNT.blob.core.windows.net") { run, fresh };
        recipe.AddTo(command);
        storage.AddTo(command);
        return client.Command(command, async (http, parsed, cancellation) =>
        {
            var loaded = recipe.Load(parsed);
            // A host on this machine sees this machine's files, unless told of a storage to put them in.
            if ((!http.Address.IsLoopback || storage.IsGiven(parsed)) && LocalPaths.Find(loaded.ResolvedJson) is { Count: > 0 } local)
            {
                var name = storage.Name(parsed) ?? throw new BadInputException(Advice(http, local));
                loaded = await PushAsync(storage, name, loaded, local, client.IsJson(parsed), cancellation);
            }
            var isNew = parsed.GetValue(fresh);
            var id = parsed.GetValue(run)
                ?? (isNew ? await RunNames.FreshAsync(loaded, async taken => await http.FindAsync(taken, cancellation) is not null)
                    : RunNames.For(loaded));
            var view = await http.StartAsync(id, loaded.ResolvedJson, reuse: !isNew, cancellation);
            if (client.IsJson(parsed)) context.WriteJson(view);
            else await context.Output.WriteLineAsync(
                $"run {view.Id} {view.Status.ToString().ToLowerInvariant()}; watch it: ./r1 status {view.Id}");
            return ExitCode.Ok;
        });
    }

    private static async Task<LoadedRecipe> PushAsync(
        StorageArgument storage, string name, LoadedRecipe loaded, IReadOnlyList<(string Field, string Path)> local, bool quiet,
            CancellationToken cancellation)
    {
        var pushed = await storage.PushAsync(name, [.. local.Select(item => item.Path).Distinct()], quiet, cancellation);
        return RecipeLoader.Parse(LocalPaths.Replace(loaded.ResolvedJson, pushed.ToDictionary(item => item.Source, item => item.Path)),
            loaded.Recipe.Name);
    }

    private static string Advice(RunClient http, IReadOnlyList<(string Field, string Path)> local) => string.Join(Environment.NewLine,
    [
        $"The workers of {http.Address.Host} cannot see files of this machine:",
        .. local.Select(item => $"  {item.Field}: {item.Path}"),
        $"Name the run's storage by --storage or {StorageConnection.Variable}, and they are pushed there; or push them with `r1 push` and "
        + $"write the blob: paths that it prints.",
    ]);
}
