using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub.Publishing;

/// <summary>What publishing did.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Commit">The branch's commit that holds the files.</param>
/// <param name="Changed">The files that it was made for; none where all were there.</param>
public sealed record Publication(string Repository, string Commit, IReadOnlyList<string> Changed);

/// <summary>
/// Publishes a folder as one commit. Contents that are there are not sent again, and where nothing has changed there is no commit: to
/// repeat it is to go on with it.
/// </summary>
/// <param name="http">Asks the Hub.</param>
public sealed class HubPublisher(HubHttp http)
{
    private const int FilesAtATime = 256, SampleBytes = 512, Tries = 4;
    private const string Readme = "README.md";

    /// <summary>Publishes.</summary>
    /// <param name="name">The repository, <c>ORG/NAME</c>; it is made where there is none.</param>
    /// <param name="folder">The folder. Links are followed within it; names that begin with a dot stay out.</param>
    /// <param name="more">Further files by name, in place of the folder's.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told of contents that are there.</param>
    /// <param name="cancellation">Stops; what was sent stays.</param>
    /// <exception cref="HubException">The Hub refuses, or does not answer.</exception>
    /// <exception cref="BadInputException">The folder has no files, or a link in it leads out of it.</exception>
    public async Task<Publication> PublishAsync(string name, string folder, IReadOnlyDictionary<string, string> more,
        PublishOptions options,
        IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var repository = new HubRepository(HubKind.Model, name);
        var paths = FolderLinks.Files(folder).ToDictionary(file => file.Name, file => file.File, StringComparer.Ordinal);
        foreach (var (file, path) in more) paths[file] = path;
        var files = new List<LocalFile>();
        foreach (var (file, path) in paths.OrderBy(each => each.Key, StringComparer.Ordinal))
            files.Add(await LocalFile.ReadAsync(file, path, cancellation));
        if (files.Count == 0) throw new BadInputException($"The folder '{folder}' has no files.");

        if (paths.TryGetValue(Readme, out var card)) await ValidateAsync(repository, card, cancellation);
        await CreateAsync(repository, options.IsPrivate, cancellation);
        IReadOnlyList<string> sent = [];
        for (var tried = 1; ; tried++)
        {
            var (head, changes) = await ChangesAsync(repository, options.Branch, files, cancellation);
            var gone = await GoneAsync(repository, head, files, cancellation);
            if (changes.Count == 0 && gone.Count == 0) return new(name, head, sent);
            await new LfsUpload(http, repository, options.Branch)
                .RunAsync([.. changes.Where(change => change.IsLfs).Select(change => change.File)], progress, cancellation);
            try
            {
                sent = [.. changes.Select(change => change.File.Name), .. gone];
                var commit = await CommitAsync(repository, options, head, changes, gone, cancellation);
                return new(name, commit, sent);
            }
            catch (HubException e) when (e.Problem is HubProblem.Conflict or HubProblem.Away && tried < Tries)
            {
                // It may have been made and its answer lost, or another's came first: what is there now decides.
                await http.Patience.AfterAsync(tried, cancellation);
            }
        }
    }

    // The Hub's own rules for a card's first lines.
    private async Task ValidateAsync(HubRepository repository, string card, CancellationToken cancellation)
    {
        var text = await File.ReadAllTextAsync(card, cancellation);
        using var answer = await PostAsync($"{http.Settings.Endpoint}/api/validate-yaml", repository,
            new JsonObject { ["content"] = text, ["repoType"] = "model" }, cancellation);
        if (answer.Json.RootElement.TryGetProperty("errors", out var errors) && errors.GetArrayLength() > 0)
            throw new HubException(HubProblem.Refused, $"{repository}: the Hub does not take the card '{Readme}': {errors}");
    }

    private async Task CreateAsync(HubRepository repository, bool isPrivate, CancellationToken cancellation)
    {
        var (organization, name) = (repository.Name.Split('/')[0], repository.Name.Split('/')[1]);
        try
        {
            using var _ = await PostAsync($"{http.Settings.Endpoint}/api/repos/create", repository, new JsonObject
            {
                ["name"] = name, ["organization"] = organization, ["visibility"] = isPrivate ? "private" : "public",
            }, cancellation);
        }
        catch (HubException e) when (e.Problem == HubProblem.Conflict)
        {
            // It is there: that is all that is wanted.
        }
        catch (HubException e) when (e.Problem is HubProblem.Forbidden or HubProblem.MissingRepository or HubProblem.BadToken)
        {
            // Who may not make repositories may still write into one.
            using var there = await TryInfoAsync(repository, cancellation);
            if (there is null) throw;
        }
    }

    private async Task<HubJson?> TryInfoAsync(HubRepository repository, CancellationToken cancellation)
    {
        try
        {
            return await HubJson.AskAsync(http, new(HttpMethod.Get, $"{http.Settings.Endpoint}/{repository.ApiPath}", $"{repository}"),
                cancellation);
        }
        catch (HubException e) when (e.Problem is HubProblem.MissingRepository or HubProblem.BadToken)
        {
            return null;
        }
    }

    private async Task<(string Head, IReadOnlyList<(LocalFile File, bool IsLfs)> Changes)> ChangesAsync(HubRepository repository,
        string branch,
        List<LocalFile> files, CancellationToken cancellation)
    {
        var (head, changes) = ("", new List<(LocalFile, bool)>());
        foreach (var some in files.Chunk(FilesAtATime))
        {
            using var answer = await PostAsync(HubAddress.Of(http.Settings, repository.ApiPath, "preupload", branch), repository,
                new JsonObject
            {
                ["files"] = new JsonArray([.. some.Select(file => new JsonObject
                {
                    ["path"] = file.Name, ["sample"] = Convert.ToBase64String(Sample(file.Path)), ["size"] = file.Size,
                })]),
            }, cancellation);
            head = answer.Json.RootElement.GetProperty("commitOid").GetString()!;
            var modes = answer.Json.RootElement.GetProperty("files").EnumerateArray().ToDictionary(file => file.GetProperty("path")
                .GetString()!);
            foreach (var file in some)
            {
                var mode = modes[file.Name];
                if (mode.TryGetProperty("shouldIgnore", out var ignored) && ignored.ValueKind == JsonValueKind.True) continue;
                var isLfs = file.Size > 0 && mode.GetProperty("uploadMode")
                    .GetString() == "lfs"; // an empty file is regular whatever it says
                var there = mode.TryGetProperty("oid", out var oid) ? oid.GetString() : null;
                if (there != (isLfs ? file.Sha256 : file.GitSha1)) changes.Add((file, isLfs));
            }
        }
        return (head, changes);
    }

    // Weights of a former publication, cut into other shards: whoever loads all that is there would load both.
    private async Task<IReadOnlyList<string>> GoneAsync(HubRepository repository, string head, List<LocalFile> files,
        CancellationToken cancellation)
    {
        var kept = files.Select(file => file.Name).ToHashSet(StringComparer.Ordinal);
        if (!kept.Any(IsWeights)) return [];
        var there = await new HubClient(http).ListAsync(repository, head, cancellation);
        return [.. there.Select(file => file.Path).Where(path => IsWeights(path) && !kept.Contains(path))];
    }

    private static bool IsWeights(string name) => name is "model.safetensors" or "model.safetensors.index.json"
        || (name.StartsWith("model-", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal));

    private async Task<string> CommitAsync(HubRepository repository, PublishOptions options, string head,
        IReadOnlyList<(LocalFile File, bool IsLfs)> changes, IReadOnlyList<string> gone, CancellationToken cancellation)
    {
        var lines = new MemoryStream();
        Line("header", new() { ["summary"] = options.Message, ["description"] = "", ["parentCommit"] = head });
        foreach (var (file, isLfs) in changes)
        {
            if (isLfs) Line("lfsFile", new() { ["path"] = file.Name, ["algo"] = "sha256", ["oid"] = file.Sha256, ["size"] = file.Size });
            else Line("file", new()
            {
                ["content"] = Convert.ToBase64String(await File.ReadAllBytesAsync(file.Path, cancellation)), ["path"] = file.Name,
                ["encoding"] = "base64",
            });
        }
        foreach (var path in gone) Line("deletedFile", new() { ["path"] = path });

        using var answer = await HubJson.AskAsync(http, new(HttpMethod.Post,
            HubAddress.Of(http.Settings, repository.ApiPath, "commit", options.Branch), $"{repository}")
        {
            Body = _ => new ByteArrayContent(lines.ToArray())
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") },
            },
            IsRepeatable = false, Timeout = TimeSpan.FromMinutes(5),
        }, cancellation);
        return answer.Json.RootElement.GetProperty("commitOid").GetString()!;

        void Line(string key, JsonObject value)
        {
            JsonSerializer.Serialize(lines, new JsonObject { ["key"] = key, ["value"] = value });
            lines.WriteByte((byte)'\n');
        }
    }

    private Task<HubJson> PostAsync(string url, HubRepository repository, JsonObject value, CancellationToken cancellation) =>
        HubJson.AskAsync(http, new(HttpMethod.Post, url, $"{repository}")
        {
            Body = _ => new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            },
        }, cancellation);

    private static byte[] Sample(string path)
    {
        using var content = RegularFile.OpenRead(path);
        var sample = new byte[Math.Min(SampleBytes, content.Length)];
        content.ReadExactly(sample);
        return sample;
    }
}
