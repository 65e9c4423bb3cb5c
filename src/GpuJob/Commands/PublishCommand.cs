using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.Hub.Publishing;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Storage;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob publish</c>: uploads a model or an adapter to the Hub, with a card that says where it comes from.</summary>
internal static partial class PublishCommand
{
    private const string Readme = "README.md", Report = "report.json", RecipeFile = "recipe.json";

    public static Command Create(CommandStreams context)
    {
        var folder = new Argument<string>("DIR") { Description = "An export, a run's model, or an adapter." };
        var name = new Argument<string>("NAME") { Description = "The repository on the Hub, ORG/NAME; it is made where there is none." };
        var run = new Option<string?>("--run") {
            Description = $"The run's folder with {RecipeFile} and {Report}, for the card; looked for above DIR when left out." };
        var open = new Option<bool>("--public") { Description = "A repository that is made for it is public; else it is private." };
        var branch = new Option<string>("--branch") { Description = "The branch.", DefaultValueFactory = _ => "main" };
        var message = new Option<string>("--message") { Description = "The commit's title.", DefaultValueFactory = _ => "Publish" };
        var license = new Option<string?>("--license") { Description = "The license, by the Hub's name of it, e.g. apache-2.0." };
        var card = new Option<bool>("--card") { Description = "Print the card, and publish nothing." };
        var command = new ExampleCommand("publish",
            "Uploads a model or an adapter to the Hub as one commit. What is there is not sent again: to repeat it is to go on, and where "
            + "nothing has changed there is no commit. The token is read from HF_TOKEN or its file.",
            "gpujob publish .r1/runs/quickstart-1a2b3c4d/model acme/quickstart",
                "gpujob publish ./released acme/solver --run .r1/runs/solver-5e6f --license apache-2.0 --public")
        {
            folder, name, run, open, branch, message, license, card,
        };
        command.SetAction((parsed, cancellation) => context.GuardAsync(async () =>
        {
            var (source, repository) = (parsed.GetValue(folder)!, NameOf(parsed.GetValue(name)!));
            if (!Directory.Exists(source)) throw new BadInputException($"DIR: there is no folder '{source}'.");
            if (parsed.GetValue(license) is { } id && !LicenseName().IsMatch(id))
                throw new BadInputException($"--license: '{id}' is no name of a license: letters, digits, points and hyphens.");
            using var scratch = new Attempts.ScratchFolder();
            var more = Card(source, repository, parsed.GetValue(run), parsed.GetValue(license), scratch.Path);
            if (parsed.GetValue(card))
            {
                var shown = more.GetValueOrDefault(Readme, Path.Combine(source, Readme));
                await context.Output.WriteAsync(await File.ReadAllTextAsync(shown, cancellation));
                return ExitCodes.Done;
            }
            return await PublishAsync(context, source, repository, more, new()
            {
                Branch = parsed.GetValue(branch)!, Message = parsed.GetValue(message)!, IsPrivate = !parsed.GetValue(open),
            }, cancellation);
        }));
        return command;
    }

    private static async Task<int> PublishAsync(CommandStreams context, string folder, string name, Dictionary<string, string> more,
        PublishOptions options, CancellationToken cancellation)
    {
        using var http = new HubHttp(HubSettings.FromEnvironment(context.Variable), new(TimeProvider.System, Random.Shared.NextDouble));
        try
        {
            var done = await new HubPublisher(http).PublishAsync(name, folder, more, options, new HubLines(context.Error, "to"),
                cancellation);
            foreach (var file in done.Changed) await context.Error.WriteLineAsync($"  {file}");
            await context.Output.WriteLineAsync($"{HubName.Prefix}{done.Repository}@{done.Commit}");
            return ExitCodes.Done;
        }
        catch (HubException e)
        {
            return context.Fail(e.Message, e.IsPassing ? ExitCodes.Retryable : ExitCodes.BadInput);
        }
    }

    private static string NameOf(string name) => HubName.TryParse(HubName.Prefix + name, out _) is { Config: null, Revision: null }
        ? name : throw new BadInputException($"NAME: '{name}' is none of a repository: ORG/NAME.");

    // A card that somebody wrote is published as it is.
    private static Dictionary<string, string> Card(string folder, string name, string? run, string? license, string scratch)
    {
        if (run is null && File.Exists(Path.Combine(folder, Readme))) return [];
        var origin = run ?? Above(folder) ?? throw new BadInputException(
            $"Nothing says where '{folder}' comes from: name the run's folder (with {RecipeFile} and {Report}) by --run, or put a {Readme} there.");
        var card = new ModelCard(name, RecipeOf(Path.Combine(origin, RecipeFile)), Read(Path.Combine(origin, Report)),
            LoraAdapter.IsIn(folder), license);
        var file = Path.Combine(scratch, Readme);
        File.WriteAllText(file, card.ToMarkdown());
        return new() { [Readme] = file };
    }

    // A run's models lie in its folder: model, or models/STAGE.
    private static string? Above(string folder)
    {
        for (var (at, steps) = (Directory.GetParent(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), 0); at is not null
            && steps < 3;
            (at, steps) = (at.Parent, steps + 1))
        {
            if (File.Exists(Path.Combine(at.FullName, RecipeFile)) && File.Exists(Path.Combine(at.FullName, Report))) return at.FullName;
        }
        return null;
    }

    private static Recipe RecipeOf(string file)
    {
        try
        {
            return RecipeLoader.Parse(Read(file).ToJsonString(), file).Recipe;
        }
        catch (RecipeException e)
        {
            throw new BadInputException(string.Join(Environment.NewLine, e.Problems), e);
        }
    }

    private static JsonObject Read(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file)) as JsonObject ?? throw new BadInputException(
                $"{file}: a JSON object is expected.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BadInputException($"{file}: cannot be read: {e.Message}", e);
        }
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9.-]*$")]
    private static partial Regex LicenseName();
}
