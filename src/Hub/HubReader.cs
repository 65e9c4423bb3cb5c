using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub;

/// <summary>Brings what recipes and commands name on the Hub. Nothing is read of the environment before something is asked for.</summary>
public sealed class HubReader : IHubReader, IDisposable
{
    private readonly Lazy<HubHttp> http;

    /// <summary>Makes one.</summary>
    /// <param name="settings">Where the Hub is.</param>
    /// <param name="patience">How often it is asked again.</param>
    public HubReader(Func<HubSettings> settings, Patience patience) => http = new(() => new HubHttp(settings(), patience));

    /// <summary>Told of weights as they come; null tells nobody.</summary>
    public IProgress<HubProgress>? Progress { get; init; }

    private HubClient Client => new(http.Value);

    /// <summary>The Hub that this process's environment names.</summary>
    public static HubReader FromEnvironment(Func<string, string?> variable, IProgress<HubProgress>? progress = null) =>
        new(() => HubSettings.FromEnvironment(variable), new(TimeProvider.System, Random.Shared.NextDouble)) { Progress = progress };

    /// <inheritdoc/>
    public void Dispose()
    {
        if (http.IsValueCreated) http.Value.Dispose();
    }

    /// <inheritdoc/>
    public async Task<HubName> PinModelAsync(HubName name, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Config is not null || name.File is not null)
            throw new BadInputException($"'{name}' names a part of a data set: a model is hf:ORG/NAME[@REVISION].");
        var commit = await ToldAsync(() => Client.ResolveAsync(new(HubKind.Model, name.Repository), name.Revision, cancellation));
        return name with { Revision = commit };
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<HubName>> PinDataAsync(HubName name, CancellationToken cancellation = default) =>
        ToldAsync(() => new HubDatasets(Client).FilesOfAsync(name, cancellation));

    /// <inheritdoc/>
    public Task<string> ModelFolderAsync(HubName model, bool weights, CancellationToken cancellation = default) => ToldAsync(async () =>
        await new HubModels(Client).FetchAsync(new(HubKind.Model, model.Repository), CommitOf(model), weights, Progress, cancellation));

    /// <inheritdoc/>
    public Task<string> DataFileAsync(HubName file, CancellationToken cancellation = default) => ToldAsync(async () =>
    {
        var (repository, path) = (new HubRepository(HubKind.Dataset, file.Repository),
            file.File ?? throw new BadInputException($"'{file}' names no file."));
        var found = await Client.FileAsync(repository, CommitOf(file), path, cancellation);
        return SafePath.Join(await Client.FetchAsync(repository, CommitOf(file), [found], Progress, cancellation), path).FullName;
    });

    private static string CommitOf(HubName name) =>
        name.IsPinned ? name.Revision! : throw new BadInputException($"'{name}' names no commit: it was not looked up before the run.");

    private static async Task<T> ToldAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (HubException e)
        {
            throw e.IsPassing ? new StorageException(e.Message, e) : new BadInputException(e.Message, e);
        }
    }
}
