using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Splits;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub;

/// <summary>
/// What a data set's name means: files of the Hub's own Parquet copy where no revision is named and there is such a copy; else the
/// repository's files, as its README declares them or as they are called.
/// </summary>
/// <param name="client">Asks the Hub.</param>
internal sealed class HubDatasets(HubClient client)
{
    private const string ParquetCopy = "refs/convert/parquet";
    private const string Readme = "README.md";
    private const int MostFiles = 2000;

    /// <summary>The files, each with its commit.</summary>
    /// <exception cref="HubException">There are none.</exception>
    public async Task<IReadOnlyList<HubName>> FilesOfAsync(HubName name, CancellationToken cancellation)
    {
        var repository = new HubRepository(HubKind.Dataset, name.Repository);
        if (name.File is { } file)
        {
            await client.FileAsync(repository, name.Revision!, file, cancellation);
            return [name];
        }
        var (commit, files) = await CopyAsync(repository, name, cancellation) ?? await OwnAsync(repository, name, cancellation);
        if (files.Count > MostFiles)
            throw new HubException(HubProblem.Refused, $"{repository} comes to {files.Count} files, at most {MostFiles} are read: name a "
                + "configuration and a split.");
        return [.. files.Select(each => new HubName(name.Repository, null, null, commit, each))];
    }

    private async Task<(string Commit, IReadOnlyList<string> Files)?> CopyAsync(HubRepository repository, HubName name,
        CancellationToken cancellation)
    {
        if (name.Revision is not null) return null;
        try
        {
            var commit = await client.ResolveAsync(repository, ParquetCopy, cancellation);
            var configs = DataLayouts.Converted((await client.FilesAsync(repository, commit, cancellation)).Select(file => file.Path));
            return configs.Count == 0 ? null : (commit, DataConfig.FilesOf(configs, $"{repository}", name.Config, name.Split));
        }
        catch (HubException e) when (e.Problem is HubProblem.MissingRevision or HubProblem.MissingRepository or HubProblem.Offline)
        {
            return null; // that there is no copy says nothing; of the repository itself the next question tells
        }
    }

    private async Task<(string Commit, IReadOnlyList<string> Files)> OwnAsync(HubRepository repository, HubName name,
        CancellationToken cancellation)
    {
        var commit = await client.ResolveAsync(repository, name.Revision, cancellation);
        var files = await client.FilesAsync(repository, commit, cancellation);
        IReadOnlyList<string> paths = [.. files.Select(file => file.Path)];
        var what = name.Revision is null ? $"{repository}" : $"{repository}@{name.Revision}";
        var configs = DataLayouts.IsCopy(paths) ? DataLayouts.Converted(paths) : [];
        if (configs.Count == 0)
        {
            var declared = files.FirstOrDefault(file => file.Path == Readme) is { } readme
                ? await DeclaredAsync(repository, commit, readme, what, cancellation) : [];
            configs = declared.Count > 0 ? DataLayouts.Declared(paths, declared, what) : DataLayouts.ByName(paths, name.Config);
        }
        var chosen = DataConfig.FilesOf(configs, what, name.Config, name.Split);
        return chosen.FirstOrDefault(file => !DataLayouts.IsReadable(file)) is not { } other ? (commit, chosen)
            : throw new HubException(HubProblem.Refused, $"{what}: '{other}' cannot be read: one of "
                + $"{string.Join(", ", Shared.Recipes.Tasks.DatasetTask.Extensions)} is, and the Hub's own Parquet copy ({ParquetCopy}), "
                + "where it has made one.");
    }

    private async Task<IReadOnlyList<DeclaredConfig>> DeclaredAsync(HubRepository repository, string commit, HubFile readme, string what,
        CancellationToken cancellation)
    {
        var folder = await client.FetchAsync(repository, commit, [readme], null, cancellation);
        try
        {
            return FrontMatter.Read(await File.ReadAllTextAsync(Path.Combine(folder, Readme), cancellation));
        }
        catch (FormatException e)
        {
            throw new HubException(HubProblem.Refused, $"{what}: its README declares nothing that can be read: {e.Message}", e);
        }
    }
}
