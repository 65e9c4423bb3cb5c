using System.CommandLine;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Push;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary><c>--storage</c>: where a remote host's runs are kept, and pushing to it.</summary>
internal sealed class StorageArgument(CommandContext context)
{
    private readonly Option<string?> storage = new("--storage")
    {
        Description =
            $"The run's storage: https://ACCOUNT.blob.core.windows.net (you are signed in as with az login), or a connection string "
            + $"[default: {StorageConnection.Variable}].",
        HelpName = "URL",
    };

    /// <summary>Adds the option to a command.</summary>
    public void AddTo(Command command) => command.Options.Add(storage);

    /// <summary>Whether the option itself was given.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(storage) is { Length: > 0 };

    /// <summary>The storage's name, or null when none is given.</summary>
    public string? Name(ParseResult parsed) =>
        (parsed.GetValue(storage) ?? context.Environment(StorageConnection.Variable)) is { Length: > 0 } name ? name : null;

    /// <summary>Pushes files and folders there, with a progress bar where people sit before it.</summary>
    /// <param name="name">The storage.</param>
    /// <param name="paths">Files, folders and names on the Hub.</param>
    /// <param name="quiet">Whether no bar is shown.</param>
    /// <param name="cancellation">Stops; what was finished stays.</param>
    /// <param name="datasets">Whether names on the Hub are data sets.</param>
    /// <exception cref="EnvironmentException">The storage is not valid, cannot be reached, or refuses.</exception>
    public async Task<IReadOnlyList<Pushed>> PushAsync(string name, IReadOnlyList<string> paths, bool quiet,
        CancellationToken cancellation, bool datasets = false)
    {
        try
        {
            var pusher = new Pusher(StorageConnection.Open(name).Blobs);
            var sources = await new PushSources(context.Hub).OfAsync(paths, datasets, cancellation);
            if (quiet || !context.IsLive) return await PushAsync(pusher, sources, null, cancellation);
            return await context.Console.Progress().AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(),
                    new RemainingTimeColumn())
                .StartAsync(progress => PushAsync(pusher, sources, progress, cancellation));
        }
        catch (StorageException e)
        {
            throw new EnvironmentException(e.Message, e);
        }
    }

    private static async Task<IReadOnlyList<Pushed>> PushAsync(Pusher pusher, IReadOnlyList<PushSource> sources, ProgressContext? progress,
        CancellationToken cancellation)
    {
        var pushed = new List<Pushed>();
        foreach (var source in sources)
        {
            var bar = progress is null ? null : new Bar(progress.AddTask(Markup.Escape(source.Named)));
            pushed.Add(await pusher.PushAsync(source.Path, source.Called, bar, cancellation) with { Source = source.Named });
        }
        return pushed;
    }

    // Moves a bar at once, not on another thread as Progress{T} would.
    private sealed class Bar(ProgressTask task) : IProgress<PushProgress>
    {
        public void Report(PushProgress value)
        {
            task.Description = Markup.Escape(value.Doing);
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
        }
    }
}
