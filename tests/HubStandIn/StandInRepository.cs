using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.HubStandIn;

/// <summary>A repository: its references, and the files of its commits.</summary>
/// <param name="kind"><c>models</c> or <c>datasets</c>.</param>
/// <param name="id">Its name, <c>ORG/NAME</c>.</param>
public sealed class StandInRepository(string kind, string id)
{
    public string Kind { get; } = kind;

    public string Id { get; } = id;

    public string? Gated { get; init; }

    public bool IsPrivate { get; init; }

    public string? MovedTo { get; init; }

    public Dictionary<string, SortedDictionary<string, StandInBlob>> Commits { get; } = [];

    public Dictionary<string, Dictionary<string, string>> Refs { get; } = new() { ["heads"] = [], ["tags"] = [], ["convert"] = [] };

    /// <summary>A folder of the recordings' tree: <c>heads/REF</c>, <c>tags/REF</c>, <c>convert/REF</c> and <c>repo.json</c>.</summary>
    public static StandInRepository Read(string kind, string id, string folder)
    {
        var settings = Path.Combine(folder, "repo.json") is var file && File.Exists(file) ? JsonNode.Parse(File.ReadAllText(file))!
            : new JsonObject();
        var repository = new StandInRepository(kind, id)
        {
            Gated = settings["gated"]?.GetValue<string>(), IsPrivate = settings["private"]?.GetValue<bool>() ?? false,
            MovedTo = settings["moved_to"]?.GetValue<string>(),
        };
        foreach (var part in repository.Refs.Keys.Where(part => Directory.Exists(Path.Combine(folder, part))))
        {
            foreach (var reference in Directory.GetDirectories(Path.Combine(folder, part)).Order(StringComparer.Ordinal))
            {
                var files = Directory.GetFiles(reference, "*", SearchOption.AllDirectories)
                    .ToDictionary(path => Path.GetRelativePath(reference, path).Replace('\\', '/'), File.ReadAllBytes);
                repository.Refs[part][Uri.UnescapeDataString(Path.GetFileName(reference))] = repository.Commit(files);
            }
        }
        return repository;
    }

    /// <summary>Makes a commit of whole contents; no reference leads to it yet.</summary>
    public string Commit(IReadOnlyDictionary<string, byte[]> files) =>
        Commit(new SortedDictionary<string, StandInBlob>(files.ToDictionary(file => file.Key, file =>
            new StandInBlob(file.Key.Split('/')[^1], file.Value)), StringComparer.Ordinal));

    /// <summary>Makes a commit: ids are the same in every run, and no real git commits' ids.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "git names commits so")]
    public string Commit(SortedDictionary<string, StandInBlob> files, string parent = "", string title = "initial commit")
    {
        var entries = string.Join(", ", files.Select(file => $"[{Text(file.Key)}, {Text(file.Value.Oid)}]"));
        var oid = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes($"[{Text(parent)}, {Text(title)}, [{entries}]]")));
        Commits[oid] = files;
        return oid;

        static string Text(string text) => JsonSerializer.Serialize(text);
    }

    /// <summary>The commit of a branch, tag, full reference or commit; null where there is none.</summary>
    public string? Find(string revision)
    {
        if (Refs["tags"].TryGetValue(revision, out var commit) || Refs["heads"].TryGetValue(revision, out commit)) return commit;
        foreach (var (part, names) in Refs)
            foreach (var (name, found) in names)
                if ($"refs/{part}/{name}" == revision) return found;
        return Commits.ContainsKey(revision) ? revision : null;
    }
}
