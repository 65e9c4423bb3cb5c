using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using R1Cloud.Pipeline.Options;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Reuse;

/// <summary>What stands for the content of data files and model folders in stages' keys.</summary>
/// <param name="blobs">Where files that begin with <c>blob:</c> are.</param>
/// <param name="options">How long a look may take.</param>
/// <param name="clock">The clock.</param>
internal sealed class DataContents(IBlobStore blobs, PipelineOptions options, TimeProvider clock)
{
    private const string AsksForTheDate = "strftime_now";
    private const int MostBlobs = 10_000;

    // A folder's template, with the settings that some have it in; longer ones are not read, and count as if they asked for the date.
    private const long MostTemplateBytes = 16 << 20;

    // Hashing a large file takes seconds; one that was not written since need not be read again.
    private readonly ConcurrentDictionary<(string Path, long Length, DateTime WrittenAt), string> hashes = new();

    /// <summary>
    /// The contents of a recipe's data files and model folders, by path; null for one that is not here, as when only the workers have it.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, string?>> OfAsync(Recipe recipe, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.FilesTime, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        var contents = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var file in StageKeys.Files(recipe))
        {
            try
            {
                contents[file] = HubName.Is(file) ? HubName.Parse(file) is { IsPinned: true } ? file : null
                    : BlobReference.Is(file) ? await BlobAsync(file, stop.Token) : await FileAsync(file, stop.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                contents[file] = null; // too much to look at now
            }
        }
        return contents;
    }

    /// <summary>The model folders whose chat templates ask for the date, or may.</summary>
    public async Task<IReadOnlySet<string>> DatedAsync(Recipe recipe, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.FilesTime, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        var dated = new HashSet<string>(StringComparer.Ordinal);
        foreach (var folder in StageKeys.TemplateFolders(recipe))
        {
            try
            {
                if (await TemplatesAsync(folder, stop.Token)
                    .AnyAsync(text => text is null || text.Contains(AsksForTheDate, StringComparison.Ordinal), stop.Token))
                    dated.Add(folder);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                dated.Add(folder); // too much to look at now
            }
            catch (Exception e) when (HubName.Is(folder) && e is BadInputException or StorageException)
            {
                dated.Add(folder); // it cannot be looked at now
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The folder's content is not known then, and its stages have no key.
            }
        }
        return dated;
    }

    // The templates; null for one that is too long.
    private async IAsyncEnumerable<string?> TemplatesAsync(string folder, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (HubName.Is(folder))
        {
            if (options.Hub is not { } hub)
            {
                yield return null;
                yield break;
            }
            folder = await hub.ModelFolderAsync(HubName.Parse(folder), weights: false, cancellation);
        }
        if (!BlobReference.Is(folder))
        {
            if (File.Exists(folder)) yield return null; // packed with the weights, and not looked for there
            foreach (var file in TemplateFiles(folder))
            {
                using var reader = new StreamReader(RegularFile.OpenRead(file));
                yield return reader.BaseStream.Length > MostTemplateBytes ? null : await reader.ReadToEndAsync(cancellation);
            }
            yield break;
        }
        await foreach (var blob in blobs.ListAsync(folder[BlobReference.Prefix.Length..].TrimEnd('/') + "/", cancellation))
        {
            if (!HoldsTemplates(blob.Path)) continue;
            if (blob.Length > MostTemplateBytes) yield return null;
            else if (await blobs.TryReadAsync(blob.Path, cancellation) is { } text) yield return text.ToString();
        }
    }

    private static IEnumerable<string> TemplateFiles(string folder) =>
        ((string[])[folder, Path.Combine(folder, "additional_chat_templates")]).Where(Directory.Exists).SelectMany(Directory.EnumerateFiles)
            .Where(HoldsTemplates);

    private static bool HoldsTemplates(string file) =>
        file.EndsWith(".jinja", StringComparison.Ordinal) || Path.GetFileName(file) is "tokenizer_config.json" or "chat_template.json";

    // Storage changes a blob's time with every write, so that none need be read.
    private async Task<string?> BlobAsync(string file, CancellationToken cancellation)
    {
        var path = file[BlobReference.Prefix.Length..].TrimEnd('/');
        if (path.Length == 0) return null;
        var versions = new List<string>();
        // Listed by path: the blob itself comes before those whose names only begin so.
        var whole = blobs.ListAsync(path, cancellation).Take(1).Where(blob => blob.Path == path);
        await foreach (var blob in whole.Concat(blobs.ListAsync(path + "/", cancellation)).WithCancellation(cancellation))
        {
            if (versions.Count == MostBlobs) return null;
            versions.Add(
                string.Create(CultureInfo.InvariantCulture, $"{BlobReference.Prefix}{blob.Path} {blob.Length} {blob.ModifiedAt.UtcTicks}"));
        }
        return versions.Count > 0 ? string.Join('\n', versions.Order(StringComparer.Ordinal)) : null;
    }

    private async Task<string?> FolderAsync(string folder, CancellationToken cancellation)
    {
        var contents = new List<string>();
        foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (await FileAsync(file, cancellation) is not { } content) return null;
            contents.Add($"{Path.GetFileName(file)} {content}");
        }
        return string.Join('\n', contents);
    }

    private async Task<string?> FileAsync(string file, CancellationToken cancellation)
    {
        try
        {
            if (Directory.Exists(file)) return await FolderAsync(file, cancellation);
            if (!File.Exists(file)) return null;
            var (length, writtenAt) = LocalFiles.Stat(file);
            var version = (file, length, writtenAt);
            if (!hashes.TryGetValue(version, out var hash))
            {
                await using var stream = RegularFile.OpenRead(file);
                hashes[version] = hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
            }
            return hash + Path.GetExtension(file); // the extension says how it is read
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a worker that may read it will; what came of it is not reused
        }
    }
}
