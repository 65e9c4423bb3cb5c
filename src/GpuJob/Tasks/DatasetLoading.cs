using System.Collections.Concurrent;
using System.Text.Json;
using R1Cloud.Datasets;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>Loads data sets, and keeps the last few in memory: every job of a stage asks for the same.</summary>
internal static class DatasetLoading
{
    private const int MostKept = 4;

    private static readonly ConcurrentDictionary<string, DatasetProblems> Kept = new(StringComparer.Ordinal);

    /// <summary>The problems of a data set.</summary>
    /// <param name="recipe">The data set.</param>
    /// <param name="blobs">Where files that begin with <c>blob:</c> are, and where those of the Hub are put; null for nowhere.</param>
    /// <param name="hub">Brings files that begin with <c>hf:</c>.</param>
    /// <param name="cancellation">Stops the download.</param>
    /// <exception cref="BadInputException">A file or a row is wrong; the message names them.</exception>
    public static async Task<DatasetProblems> LoadAsync(DatasetTask recipe, IBlobStore? blobs, IHubReader hub,
        CancellationToken cancellation)
    {
        var key = Key(recipe);
        if (Kept.TryGetValue(key, out var kept)) return kept;
        var folder = Directory.CreateTempSubdirectory("r1-data-");
        try
        {
            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var file in recipe.AllFiles().Where(BlobReference.Is).Distinct())
            {
                var copy = SafePath.Join(folder.FullName, $"{files.Count}{Path.GetExtension(file)}");
                files[file] = copy.FullName;
                if (blobs is null || !await blobs.TryDownloadAsync(file[BlobReference.Prefix.Length..], copy, cancellation))
                    throw new BadInputException($"Data set file '{file}': there is no such blob.");
            }
            foreach (var file in recipe.AllFiles().Where(HubName.Is).Distinct())
                files[file] = await HubFiles.BringAsync(HubName.Parse(file), blobs, hub, folder.FullName, cancellation);
            var dataset = Dataset.Load(recipe, file => files.GetValueOrDefault(file, file));
            var problems = recipe.HasPairs() ? new DatasetPreferences(recipe, dataset) : recipe.HasLabels()
                ? new DatasetLabels(recipe, dataset) : new DatasetProblems(recipe, dataset);
            if (Kept.Count >= MostKept) Kept.Clear();
            return Kept.GetOrAdd(key, problems);
        }
        catch (DatasetException e)
        {
            throw new BadInputException(e.Message, e);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // A local file that changed is another data set.
    private static string Key(DatasetTask recipe) =>
        JsonSerializer.Serialize(recipe, R1Json.Options) + string.Join('|', recipe.AllFiles().Where(file => !BlobReference.Is(file)
            && !HubName.Is(file))
        .Select(file => File.Exists(file) && LocalFiles.Stat(file) is var stat ? $"{stat.Length}:{stat.WrittenAt.Ticks}" : "absent"));
}
