using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Torture;

/// <summary>
/// All that a run has committed, by path: the content of JSON without <see cref="VolatileFields"/>, the SHA-256 of everything else. What an
/// attempt wrote that did not commit is named by nobody, and left out.
/// </summary>
/// <param name="ByPath">The contents, by paths without names of attempts.</param>
/// <param name="Twice">Lines of metrics that were appended twice: readers take the last of a step.</param>
/// <param name="Left">Files of attempts that did not commit.</param>
internal sealed record RunContents(IReadOnlyDictionary<string, string> ByPath, int Twice, int Left)
{
    /// <summary>Reads everything.</summary>
    /// <exception cref="StorageException">Storage fails, or a checkpoint's file is not what its manifest says.</exception>
    public static async Task<RunContents> ReadAsync(IBlobStore blobs, CancellationToken cancellation)
    {
        var paths = await blobs.ListAsync("", cancellation).Select(blob => blob.Path)
            .Where(path => !VolatileFields.IsPassedOver(path)).ToListAsync(cancellation);
        var named = new HashSet<string>(StringComparer.Ordinal);
        var contents = new Dictionary<string, string>(StringComparer.Ordinal);
        var (twice, left) = (0, 0);
        // What names no attempt is committed, and names the attempts' files that are.
        foreach (var path in paths.Where(path => !VolatileFields.NamesAttempt(path)))
        {
            var content = await ReadAsync(blobs, path, cancellation);
            contents.Add(path, path.EndsWith(".json", StringComparison.Ordinal) ? Document(content)
                : path.Contains("/metrics/", StringComparison.Ordinal) ? Metrics(path, content) : Hash(content));
        }
        foreach (var path in paths.Where(VolatileFields.NamesAttempt))
        {
            if (!named.Contains(path))
            {
                left++;
                continue;
            }
            var content = await ReadAsync(blobs, path, cancellation);
            contents.Add(VolatileFields.WithoutAttempts(path),
                path.EndsWith(".jsonl", StringComparison.Ordinal) ? Lines(content) : Hash(content));
        }
        return new(contents, twice, left);

        string Document(BinaryData content)
        {
            var document = JsonNode.Parse(content.ToString());
            foreach (var text in Texts(document)) named.Add(text);
            return VolatileFields.Cleaned(document)?.ToJsonString() ?? "null";
        }

        string Metrics(string path, BinaryData content)
        {
            var steps = new SortedDictionary<int, string>();
            foreach (var line in Split(content))
            {
                var row = JsonNode.Parse(line)!;
                var (step, figures) = (row["step"]!.GetValue<int>(), Cleaned(row));
                if (steps.TryAdd(step, figures)) continue;
                twice++;
                // The same once more is harmless; another is a step that was computed twice, with another result.
                if (steps[step] != figures) contents[$"{path} step {step} again"] = figures;
            }
            return string.Join('\n', steps.Values);
        }
    }

    /// <summary>In what another run's contents differ from these, in words; none when they are the same, bit by bit.</summary>
    public IEnumerable<string> Differences(RunContents other)
    {
        foreach (var path in ByPath.Keys.Union(other.ByPath.Keys).Order(StringComparer.Ordinal))
        {
            var (here, there) = (ByPath.GetValueOrDefault(path), other.ByPath.GetValueOrDefault(path));
            if (here == there) continue;
            yield return here is null ? $"{path}: the undisturbed run has none" : there is null ? $"{path}: lost"
                : $"{path}: {Where(here, there)}";
        }
    }

    private static string Where(string here, string there)
    {
        var at = here.Zip(there).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"…{Piece(here)} became …{Piece(there)}";

        string Piece(string text) => text[Math.Max(0, at - 40)..Math.Min(text.Length, at + 40)];
    }

    private static async Task<BinaryData> ReadAsync(IBlobStore blobs, string path, CancellationToken cancellation) =>
        await blobs.TryReadAsync(path, cancellation) ?? throw new StorageException($"Blob '{path}' is gone.");

    private static string Lines(BinaryData content) =>
        string.Join('\n', Split(content).Select(line => Cleaned(JsonNode.Parse(line))));

    private static string[] Split(BinaryData content) =>
        content.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Cleaned(JsonNode? node) => VolatileFields.Cleaned(node)?.ToJsonString() ?? "null";

    private static string Hash(BinaryData content) => Convert.ToHexStringLower(SHA256.HashData(content.ToMemory().Span));

    private static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonObject holder => holder.SelectMany(field => Texts(field.Value)),
        JsonArray list => list.SelectMany(Texts),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        _ => [],
    };
}
