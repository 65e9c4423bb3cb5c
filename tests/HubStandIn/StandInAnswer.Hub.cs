using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace R1Cloud.HubStandIn;

/// <summary>The Hub's routes for who reads.</summary>
internal sealed partial class StandInAnswer
{
    private Func<Task> Hub(string token)
    {
        if (token.Length > 0 && user is null) return Fail(401, null, "Invalid credentials in Authorization header");
        if (FileRoute().Match(Route) is { Success: true } file)
            return Resolve(Open(Kind(file, 1), file.Groups[2].Value), file.Groups[3].Value, Unquote(file.Groups[4].Value),
                Unquote(file.Groups[5].Value));
        if (SmallRoute().Match(Route) is { Success: true } small)
        {
            var path = Unquote(small.Groups[4].Value);
            return Small(small.Groups[3].Value, path, Open(small.Groups[1].Value, small.Groups[2].Value).Commits[small.Groups[3]
                .Value][path]);
        }
        if (LfsRoute().Match(Route) is { Success: true } lfs)
        {
            Open(Kind(lfs, 1), lfs.Groups[2].Value, write: true);
            return Lfs(lfs.Groups[3].Value, JsonNode.Parse(body)!);
        }
        if (ApiRoute().Match(Route) is { Success: true } api)
        {
            var verb = api.Groups[3].Value;
            var repository = Open(api.Groups[1].Value, api.Groups[2].Value, write: verb is "preupload" or "commit" or "branch" or "tag");
            return Api(repository, verb.Length > 0 ? verb : "revision", api.Groups[4].Value);
        }
        return Route switch
        {
            "/api/validate-yaml" => Json(new JsonObject { ["errors"] = new JsonArray(), ["warnings"] = new JsonArray() }),
            "/api/whoami-v2" when user is not null => Json(new JsonObject
            {
                ["type"] = "user", ["name"] = user, ["orgs"] = new JsonArray(new JsonObject { ["name"] = "acme" }),
            }),
            "/api/whoami-v2" => Fail(Anonymous.Item1, Anonymous.Item2, Anonymous.Item3),
            "/api/repos/create" when mayWrite => Create(JsonNode.Parse(body)!),
            "/api/repos/create" when user is not null => Fail(403, null, "You need a write token"),
            "/api/repos/create" => Fail(Anonymous.Item1, Anonymous.Item2, Anonymous.Item3),
            _ => Fail(404, null, "Not found"),
        };
    }

    private StandInRepository Open(string kind, string id, bool write = false)
    {
        // a stranger does not learn whether it exists
        if (!hub.Repositories.TryGetValue((kind, id), out var repository) || (repository.IsPrivate && !isMember) || (write && user is null))
            throw user is null ? new RefusedException(Anonymous) : new RefusedException(404, "RepoNotFound", "Repository not found");
        if (repository.MovedTo is { } now)
        {
            var at = target.IndexOf(id, StringComparison.Ordinal);
            throw new RefusedException(307, null, "Moved",
                new Dictionary<string, string> { ["Location"] = target[..at] + now + target[(at + id.Length)..] });
        }
        return !write || mayWrite ? repository : throw new RefusedException(403, null, "Forbidden: this needs a write token.");
    }

    private static string FindIn(StandInRepository repository, string revision) => repository.Find(revision)
        ?? throw new RefusedException(404, "RevisionNotFound", $"Invalid rev id: {revision}");

    private Func<Task> Resolve(StandInRepository repository, string verb, string revision, string path)
    {
        if (repository.Gated is not null && !isMember)
        {
            var reason = user is not null ? "Your request to access it has not been accepted."
                : "You must have access to it and be authenticated to access it. Please log in.";
            return Fail(user is not null ? 403 : 401, "GatedRepo",
                $"Access to {repository.Kind[..^1]} {repository.Id} is restricted. {reason}");
        }
        var commit = FindIn(repository, revision);
        if (!repository.Commits[commit].TryGetValue(path, out var blob))
            return Fail(404, "EntryNotFound", "Entry not found", new Dictionary<string, string> { ["X-Repo-Commit"] = commit });
        if (verb == "raw" && blob.IsLfs)
            return Send(200, blob.Pointer, new() { ["X-Repo-Commit"] = commit, ["ETag"] = $"\"{blob.Oid}\"",
                ["Content-Type"] = "text/plain" });
        // no shared cache for these: the bytes come at once
        if (!blob.IsLfs && (repository.Gated is not null || repository.IsPrivate || blob.Size == 0)) return Small(commit, path, blob);
        var linked = new Dictionary<string, string>
        {
            ["X-Repo-Commit"] = commit, ["X-Linked-Size"] = $"{blob.Size}", ["X-Linked-ETag"] = $"\"{blob.Etag}\"",
            ["Content-Type"] = "text/plain",
        };
        if (!blob.IsLfs)
        {
            linked["Location"] = $"/api/resolve-cache/{repository.Kind}/{repository.Id}/{commit}/{Quote(path)}"
                + $"?{Uri.EscapeDataString(Route)}=&etag=%22{blob.Oid}%22";
            return Send(307, Encoding.UTF8.GetBytes($"Temporary Redirect. Redirecting to {linked["Location"]}"), linked);
        }
        if (hub.HasXet)
        {
            var route = $"{hub.Url}/api/{repository.Kind}/{repository.Id}/xet-read-token/{commit}";
            (linked["X-Xet-Hash"], linked["X-Xet-Refresh-Route"], linked["Link"]) = (blob.Xet, route, $"<{route}>; rel=\"xet-auth\"");
        }
        linked["Location"] = hub.Signed("file", blob.Sha256, 3600);
        return Send(302, Encoding.UTF8.GetBytes($"Found. Redirecting to {linked["Location"]}"), linked);
    }

    private Func<Task> Small(string commit, string path, StandInBlob blob)
    {
        var headers = new Dictionary<string, string>
        {
            ["X-Repo-Commit"] = commit, ["Content-Disposition"] = $"inline; filename=\"{path.Split('/')[^1]}\";",
        };
        var request = context.Request.Headers;
        if (!hub.Compresses || blob.Size == 0 || Method != "GET" || request.ContainsKey("Range")
            || !request.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal)) return Content(blob, blob.Oid, headers);
        (headers["ETag"], headers["Content-Encoding"], headers["Content-Type"]) = ($"W/\"{blob.Oid}\"", "gzip", "text/plain");
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(blob.Content);
        return Send(200, packed.ToArray(), headers, chunked: true);
    }

    // File and directory entries below a folder, by path.
    private JsonArray Listing(SortedDictionary<string, StandInBlob> files, string under, bool recursive)
    {
        var (found, prefix) = (new SortedDictionary<string, JsonObject>(StringComparer.Ordinal), under.Length > 0 ? under + "/" : "");
        foreach (var (path, blob) in files.Where(file => file.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var parts = path[prefix.Length..].Split('/');
            for (var depth = 1; depth < (recursive ? parts.Length : Math.Min(parts.Length, 2)); depth++)
            {
                var folder = prefix + string.Join('/', parts.Take(depth));
                found[folder] = new() { ["type"] = "directory", ["oid"] = FolderId(folder), ["size"] = 0, ["path"] = folder };
            }
            if (!recursive && parts.Length > 1) continue;
            found[path] = new() { ["type"] = "file", ["oid"] = blob.Oid, ["size"] = blob.Size, ["path"] = path };
            if (!blob.IsLfs) continue;
            found[path]["lfs"] = new JsonObject { ["oid"] = blob.Sha256, ["size"] = blob.Size, ["pointerSize"] = blob.Pointer.Length };
            if (hub.HasXet) found[path]["xetHash"] = blob.Xet;
        }
        return [.. found.Values];
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "git names folders so")]
    private static string FolderId(string folder) => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(folder)));

    private Func<Task> Api(StandInRepository repository, string verb, string rest)
    {
        var (revision, under) = rest.IndexOf('/') is >= 0 and var at ? (rest[..at], rest[(at + 1)..]) : (rest, "");
        switch (verb)
        {
            case "refs":
                JsonArray Part(string part) => [.. repository.Refs[part].Select(reference => new JsonObject
                {
                    ["name"] = reference.Key, ["ref"] = $"refs/{part}/{reference.Key}", ["targetCommit"] = reference.Value,
                })];
                return Json(new JsonObject { ["branches"] = Part("heads"), ["converts"] = Part("convert"), ["tags"] = Part("tags") });
            case "parquet":
                return Json(Parquet(repository));
            case "branch":
                var start = body.Length > 0 ? JsonNode.Parse(body)!["startingPoint"]?.GetValue<string>() : null;
                repository.Refs["heads"][Unquote(rest)] = FindIn(repository, start ?? "main");
                return Json(new JsonObject());
        }
        var commit = FindIn(repository, Unquote(revision) is { Length: > 0 } asked ? asked : "main");
        var files = repository.Commits[commit];
        switch (verb)
        {
            case "revision":
                return Json(Info(repository, commit, files));
            case "tree":
                return Tree(files, Unquote(under), commit);
            case "paths-info":
                var paths = body.Length > 0 && body[0] == '{' ? JsonNode.Parse(body)!["paths"]!.AsArray().Select(path =>
                    path!.GetValue<string>())
                    : QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body)).GetValueOrDefault("paths").OfType<string>();
                return Json(new JsonArray([.. Listing(files, "", true).Where(entry => paths.Contains(entry!["path"]!.GetValue<string>()))
                    .Select(entry => entry!.DeepClone())]));
            case "tag":
                repository.Refs["tags"][JsonNode.Parse(body)!["tag"]!.GetValue<string>()] = commit;
                return Json(new JsonObject());
            case "preupload":
                return Preupload(files, commit);
            case "commit":
                return Commit(repository, Unquote(revision), commit);
            default:
                return Fail(404, null, "Not found");
        }
    }

    private JsonObject Info(StandInRepository repository, string commit, SortedDictionary<string, StandInBlob> files)
    {
        var siblings = new JsonArray();
        foreach (var (path, blob) in files)
        {
            var sibling = new JsonObject { ["rfilename"] = path };
            siblings.Add(sibling);
            if (!HasQuery("blobs")) continue;
            (sibling["size"], sibling["blobId"]) = (blob.Size, blob.Oid);
            if (blob.IsLfs)
                sibling["lfs"] = new JsonObject { ["sha256"] = blob.Sha256, ["size"] = blob.Size, ["pointerSize"] = blob.Pointer.Length };
        }
        return new()
        {
            ["id"] = repository.Id, ["sha"] = commit, ["private"] = repository.IsPrivate,
            ["gated"] = repository.Gated is { } gated ? gated : false, ["disabled"] = false, ["tags"] = new JsonArray(), ["downloads"] = 0,
            ["lastModified"] = "2026-01-01T00:00:00.000Z", ["siblings"] = siblings,
        };
    }

    private Func<Task> Tree(SortedDictionary<string, StandInBlob> files, string under, string commit)
    {
        var entries = Listing(files, under, Query("recursive").Equals("true", StringComparison.OrdinalIgnoreCase));
        var start = Query("cursor") is { Length: > 0 } cursor ? Number(cursor) : 0;
        if (under.Length > 0 && entries.Count == 0)
            return Fail(404, "EntryNotFound", $"{under} does not exist", new Dictionary<string, string> { ["X-Repo-Commit"] = commit });
        var more = string.Join('&', QueryHelpers.ParseQuery(target.Contains('?') ? target[target.IndexOf('?')..] : "")
            .Where(pair => pair.Key != "cursor").Select(pair => $"{pair.Key}={pair.Value[^1]}").Append($"cursor={start + hub.Page}"));
        return Json(new JsonArray([.. entries.Skip(start).Take(hub.Page).Select(entry => entry!.DeepClone())]), headers:
            start + hub.Page < entries.Count ? new() { ["Link"] = $"<{hub.Url}{Route}?{more}>; rel=\"next\"" } : []);
    }

    private JsonObject Parquet(StandInRepository repository)
    {
        var found = new JsonObject();
        if (repository.Find("refs/convert/parquet") is not { } commit) return found;
        foreach (var parts in repository.Commits[commit].Keys.Select(path => path.Split('/')))
        {
            var config = found[parts[0]] ??= new JsonObject();
            ((JsonArray)(config[parts[1]] ??= new JsonArray()))
                .Add($"{hub.Url}/datasets/{repository.Id}/resolve/refs%2Fconvert%2Fparquet/{string.Join('/', parts)}");
        }
        return found;
    }

    private static string Kind(Match match, int group) => match.Groups[group].Success ? match.Groups[group].Value : "models";

    private static string Unquote(string text) => Uri.UnescapeDataString(text);

    private static string Quote(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    [GeneratedRegex("^/(?:(datasets)/)?([^/]+/[^/]+)/(resolve|raw)/([^/]+)/(.+)$")]
    private static partial Regex FileRoute();

    [GeneratedRegex(@"^/api/resolve-cache/(models|datasets)/([^/]+/[^/]+)/(\w+)/(.+)$")]
    private static partial Regex SmallRoute();

    [GeneratedRegex(@"^/(?:(datasets)/)?([^/]+/[^/]+)\.git/info/lfs/objects/(batch|verify|complete)$")]
    private static partial Regex LfsRoute();

    [GeneratedRegex("^/api/(models|datasets)/([^/]+/[^/]+)(?:/([^/]+))?(?:/(.+))?$")]
    private static partial Regex ApiRoute();
}
