using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Wire;

namespace R1Cloud.Hub.Publishing;

/// <summary>
/// Brings contents to the Hub's storage by Git LFS: what is there already is not sent again, so an upload that broke off goes on with the
/// file it was at.
/// </summary>
/// <param name="http">Asks the Hub.</param>
/// <param name="repository">The repository.</param>
/// <param name="branch">The branch that the contents are for.</param>
internal sealed class LfsUpload(HubHttp http, HubRepository repository, string branch)
{
    private const string MediaType = "application/vnd.git-lfs+json";

    /// <summary>Sends what is missing.</summary>
    /// <param name="files">The files.</param>
    /// <param name="progress">Told of each file that is there.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task RunAsync(IReadOnlyList<LocalFile> files, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var (done, total) = (0L, files.Sum(file => file.Size));
        foreach (var file in files)
        {
            // One at a time: a signed link holds for minutes, and a large file takes some.
            for (var tried = 1; ; tried++)
            {
                try
                {
                    await EnsureAsync(file, cancellation);
                    break;
                }
                catch (HubException e) when (e.Problem == HubProblem.LinkExpired && tried < http.Patience.Tries)
                {
                    await http.Patience.AfterAsync(tried, cancellation);
                }
            }
            progress?.Report(new(file.Name, done += file.Size, total));
        }
    }

    private async Task EnsureAsync(LocalFile file, CancellationToken cancellation)
    {
        using var batch = await BatchAsync(file, cancellation);
        var answer = batch.Json.RootElement.GetProperty("objects")[0];
        if (answer.TryGetProperty("error", out var error))
            throw new HubException(HubProblem.Refused, $"{repository}: the Hub does not take '{file.Name}': {error}");
        if (answer.TryGetProperty("actions", out var actions) && actions.ValueKind == JsonValueKind.Object)
            await SendAsync(file, actions, cancellation);
    }

    private Task<HubJson> BatchAsync(LocalFile file, CancellationToken cancellation) => HubJson.AskAsync(http, new(
        HttpMethod.Post, $"{http.Settings.Endpoint}/{repository.PagePath}.git/info/lfs/objects/batch", $"{repository}")
    {
        Accept = MediaType,
        Body = _ => Json(new JsonObject
        {
            ["operation"] = "upload", ["transfers"] = new JsonArray("basic", "multipart"),
            ["objects"] = new JsonArray(new JsonObject { ["oid"] = file.Sha256, ["size"] = file.Size }),
            ["hash_algo"] = "sha256", ["ref"] = new JsonObject { ["name"] = branch },
        }),
    }, cancellation);

    private async Task SendAsync(LocalFile file, JsonElement actions, CancellationToken cancellation)
    {
        var upload = actions.GetProperty("upload");
        var href = upload.GetProperty("href").GetString()!;
        var headers = upload.TryGetProperty("header", out var given) && given.ValueKind == JsonValueKind.Object
            ? given.EnumerateObject().ToDictionary(header => header.Name, header => header.Value.ToString()) : [];
        if (headers.Remove("chunk_size", out var size)) await SendPartsAsync(file, href, headers, long.Parse(size,
            CultureInfo.InvariantCulture),
            cancellation);
        else (await PutAsync(file, href, 0, file.Size, headers, cancellation)).Dispose();
        if (!actions.TryGetProperty("verify", out var verify)) return;
        using var verified = await http.SendAsync(new(HttpMethod.Post, verify.GetProperty("href").GetString()!, $"{repository} {file.Name}")
        {
            Body = _ => Json(new JsonObject { ["oid"] = file.Sha256, ["size"] = file.Size }),
        }, cancellation);
    }

    private async Task SendPartsAsync(LocalFile file, string href, Dictionary<string, string> links, long size,
        CancellationToken cancellation)
    {
        var parts = new JsonArray();
        foreach (var (number, link) in links.Where(link => link.Key.All(char.IsAsciiDigit))
            .Select(link => (Number: int.Parse(link.Key, CultureInfo.InvariantCulture), link.Value)).OrderBy(link => link.Number))
        {
            var from = (number - 1) * size;
            using var answer = await PutAsync(file, link, from, Math.Min(size, file.Size - from), [], cancellation);
            parts.Add(new JsonObject { ["partNumber"] = number, ["etag"] = HubErrors.Header(answer, "ETag") });
        }
        if (parts.Count != (file.Size + size - 1) / size)
            throw new HubException(HubProblem.Refused,
                $"{repository}: the Hub names {parts.Count} parts of {size} bytes for '{file.Name}'.");
        using var whole = await http.SendAsync(new(HttpMethod.Post, href, $"{repository} {file.Name}")
        {
            Accept = MediaType, Body = _ => Json(new JsonObject { ["oid"] = file.Sha256, ["parts"] = parts.DeepClone() }),
        }, cancellation);
    }

    private Task<HttpResponseMessage> PutAsync(LocalFile file, string href, long from, long length, Dictionary<string, string> headers,
        CancellationToken cancellation) => http.SendAsync(new(HttpMethod.Put, href, $"{repository} {file.Name}")
    {
        Body = sent => new SentPart(file.Path, from, length, sent), Headers = headers, Timeout = TimeSpan.FromMinutes(1),
    }, cancellation);

    private static ByteArrayContent Json(JsonObject value) => new(JsonSerializer.SerializeToUtf8Bytes(value))
    {
        Headers = { ContentType = new MediaTypeHeaderValue(MediaType) },
    };
}
