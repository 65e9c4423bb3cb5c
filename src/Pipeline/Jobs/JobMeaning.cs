using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Jobs;

/// <summary>
/// Whether two job specs order the same work. Versions write one order differently: a new field has its default in the one and is missing
/// in the other. And one order may name other attempts' files: an attempt's part of a name is not part of what is asked.
/// </summary>
internal static class JobMeaning
{
    private const string Version = "version";

    /// <summary>The fields in which an order differs from one that was stored; empty when they mean the same.</summary>
    /// <param name="stored">The stored spec, as whatever version wrote it.</param>
    /// <param name="spec">The order.</param>
    /// <exception cref="JsonException">The stored spec cannot be read.</exception>
    public static IReadOnlyList<string> Differences(JsonElement stored, JobSpec spec)
    {
        var read = stored.Deserialize<JobSpec>(R1Json.Options) ?? throw new JsonException("The spec is null.");
        var (old, now) = (Canonical(read), Canonical(spec));
        var fields = now.Select(field => field.Key).Union(old.Select(field => field.Key))
            .Where(name => !JsonNode.DeepEquals(old[name], now[name])).ToList();
        // What a later version has ordered and this one cannot read may mean anything.
        return fields.Count > 0 ? fields : [.. Unknown(stored, JsonSerializer.SerializeToElement(read, R1Json.Options), "")];
    }

    /// <summary>The files that a job reads and storage deletes by their age.</summary>
    public static IReadOnlyList<string> Files(JobPayload payload)
    {
        var files = new List<string>();
        payload.WithFiles(file =>
        {
            files.Add(file);
            return file;
        });
        return files;
    }

    private static JsonObject Canonical(JobSpec spec)
    {
        // Who waits is not part of the work.
        var json = JsonSerializer.SerializeToNode(spec with { Notify = null, Payload = spec.Payload.WithFiles(WithoutAttempt) },
            R1Json.Options)!.AsObject();
        json.Remove(Version);
        json["payload"]!.AsObject().Remove(Version);
        return json;
    }

    // PREFIX.ATTEMPT.EXTENSION, as BlobLayout's prefixes are completed.
    private static string WithoutAttempt(string file)
    {
        var name = file.LastIndexOf('/') + 1;
        return file[name..].Split('.') is [var prefix, _, var extension] ? $"{file[..name]}{prefix}.*.{extension}" : file;
    }

    private static IEnumerable<string> Unknown(JsonElement stored, JsonElement read, string path) =>
        (stored.ValueKind, read.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Object) =>
            stored.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null && field.Name != Version)
            .SelectMany(field =>
            read.TryGetProperty(field.Name, out var known) ? Unknown(field.Value, known, $"{path}{field.Name}.") : [path + field.Name]),
        (JsonValueKind.Array, JsonValueKind.Array) =>
            stored.EnumerateArray().Zip(read.EnumerateArray()).SelectMany(items => Unknown(items.First, items.Second, path)),
        _ => [],
    };
}
