using System.Text;
using System.Text.Json.Nodes;

namespace R1Cloud.HubStandIn;

/// <summary>The Hub's routes for who writes.</summary>
internal sealed partial class StandInAnswer
{
    private Func<Task> Create(JsonNode ask)
    {
        var kind = (ask["type"]?.GetValue<string>() ?? "model") + "s";
        var id = $"{ask["organization"]?.GetValue<string>() ?? user}/{ask["name"]!.GetValue<string>()}";
        var url = $"{hub.Url}/{(kind == "models" ? "" : kind + "/")}{id}";
        if (hub.Repositories.ContainsKey((kind, id)))
            return Json(new JsonObject { ["error"] = $"You already created this {kind[..^1]} repo: {id}", ["url"] = url }, 409);
        var repository = new StandInRepository(kind, id) { IsPrivate = ask["visibility"]?.GetValue<string>() == "private" };
        repository.Refs["heads"]["main"] = repository.Commit(new Dictionary<string, byte[]>
        {
            [".gitattributes"] = Encoding.ASCII.GetBytes("*.safetensors filter=lfs diff=lfs merge=lfs -text\n"),
        });
        hub.Repositories[(kind, id)] = repository;
        return Json(new JsonObject { ["url"] = url, ["name"] = id });
    }

    private Func<Task> Preupload(SortedDictionary<string, StandInBlob> files, string commit)
    {
        var answers = new JsonArray();
        foreach (var file in JsonNode.Parse(body)!["files"]!.AsArray())
        {
            var (path, size) = (file!["path"]!.GetValue<string>(), file["size"]!.GetValue<long>());
            var answer = new JsonObject
            {
                ["path"] = path, ["uploadMode"] = StandInBlob.IsLfsFile(path, size) ? "lfs" : "regular", ["shouldIgnore"] = false,
            };
            if (files.TryGetValue(path, out var there)) answer["oid"] = there.Etag;
            answers.Add(answer);
        }
        return Json(new JsonObject { ["commitOid"] = commit, ["files"] = answers });
    }

    private Func<Task> Lfs(string verb, JsonNode ask)
    {
        var headers = new Dictionary<string, string> { ["Content-Type"] = "application/vnd.git-lfs+json" };
        if (verb == "verify")
            return hub.Objects.TryGetValue(ask["oid"]!.GetValue<string>(), out var there) && there.Size == ask["size"]!.GetValue<long>()
                ? Json(new JsonObject(), headers: headers) : Fail(404, null, "Object not found");
        if (verb == "complete") return Complete(ask, headers);
        var objects = new JsonArray();
        foreach (var wanted in ask["objects"]!.AsArray())
        {
            var oid = wanted!["oid"]!.GetValue<string>();
            var answer = new JsonObject { ["oid"] = oid, ["size"] = wanted["size"]!.GetValue<long>(), ["authenticated"] = true };
            if (!hub.Objects.ContainsKey(oid))
            {
                answer["actions"] = new JsonObject
                {
                    ["upload"] = Upload(oid, wanted["size"]!.GetValue<long>()),
                    ["verify"] = new JsonObject { ["href"] = hub.Url + Route.Replace("/batch", "/verify", StringComparison.Ordinal) },
                };
            }
            objects.Add(answer);
        }
        return Json(new JsonObject { ["transfer"] = "basic", ["objects"] = objects }, headers: headers);
    }

    private JsonObject Upload(string oid, long size)
    {
        if (hub.PartSize is not { } part || size <= part) return new() { ["href"] = hub.Signed("upload", oid, 900) };
        var header = new JsonObject { ["chunk_size"] = $"{part}" };
        for (var number = (int)((size + part - 1) / part); number > 0; number--) // in no order that could be relied on
            header[$"{number:D5}"] = $"{hub.Signed("part", oid, 900)}&number={number}";
        return new() { ["href"] = hub.Url + Route.Replace("/batch", "/complete", StringComparison.Ordinal), ["header"] = header };
    }

    private Func<Task> Complete(JsonNode ask, Dictionary<string, string> headers)
    {
        var oid = ask["oid"]!.GetValue<string>();
        var content = ask["parts"]!.AsArray().Select(part => part!["partNumber"]!.GetValue<int>()).SelectMany(number => hub.Parts[(oid,
            number)]);
        var blob = new StandInBlob("x.bin", [.. content]);
        if (blob.Sha256 != oid) return Fail(400, null, "the parts are not the content");
        hub.Objects[oid] = blob;
        return Json(new JsonObject(), headers: headers);
    }

    private Func<Task> Commit(StandInRepository repository, string branch, string parent)
    {
        var lines = Encoding.UTF8.GetString(body).Split('\n').Where(line => line.Trim().Length > 0).Select(line => JsonNode.Parse(line)!)
            .ToList();
        var head = lines[0]["value"]!;
        if (head["parentCommit"]?.GetValue<string>() is { } expected && expected != parent)
            return Fail(412, null, "A commit has happened since. Please refresh and try again.");
        var files = new SortedDictionary<string, StandInBlob>(repository.Commits[parent], StringComparer.Ordinal);
        foreach (var line in lines.Skip(1))
        {
            var (key, value) = (line["key"]!.GetValue<string>(), line["value"]!);
            var path = value["path"]!.GetValue<string>();
            switch (key)
            {
                case "file":
                    files[path] = new(path, Convert.FromBase64String(value["content"]!.GetValue<string>()));
                    break;
                case "lfsFile" when !hub.Objects.ContainsKey(value["oid"]!.GetValue<string>()):
                    return Fail(400, null, $"LFS pointer pointed to a file that does not exist: {path}");
                case "lfsFile":
                    files[path] = hub.Objects[value["oid"]!.GetValue<string>()];
                    break;
                default:
                    foreach (var gone in files.Keys.Where(file => file == path
                        || file.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal)).ToList()) files.Remove(gone);
                    break;
            }
        }
        var oid = repository.Refs["heads"][branch] = repository.Commit(files, parent, head["summary"]!.GetValue<string>());
        return Json(new JsonObject
        {
            ["success"] = true, ["commitOid"] = oid, ["commitUrl"] = $"{hub.Url}/{repository.Id}/commit/{oid}", ["hookOutput"] = "",
        });
    }
}
