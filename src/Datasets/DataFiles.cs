using System.Text;
using System.Text.Json;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Datasets;

/// <summary>A row as its file has it.</summary>
/// <param name="Number">The row, from 1 (in JSONL: the line).</param>
/// <param name="Columns">Its columns by name.</param>
public sealed record RawRow(int Number, IReadOnlyDictionary<string, JsonElement> Columns);

/// <summary>Reads rows of files by their extension.</summary>
public static class DataFiles
{
    private delegate IEnumerable<RawRow> Reader(string path, string shown, ICollection<DataProblem> problems);

    private static readonly Dictionary<string, Reader> Readers = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jsonl"] = ReadJsonLines,
        [".ndjson"] = ReadJsonLines,
        [".parquet"] = ParquetFiles.Read,
    };

    // Readers would choose differently between two of a name.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>A file's rows, in order; what is wrong with the file or a row is added to the problems.</summary>
    /// <param name="path">Where the file is.</param>
    /// <param name="shown">What problems call it.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static IEnumerable<RawRow> Read(string path, string shown, ICollection<DataProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (!Readers.TryGetValue(Path.GetExtension(shown), out var reader))
        {
            problems.Add(
                new(shown, 0, "",
                    $"'{Path.GetExtension(shown)}' is no known extension: one of {string.Join(", ", DatasetTask.Extensions)}"));
            return [];
        }
        if (!File.Exists(path))
        {
            problems.Add(new(shown, 0, "", Directory.Exists(path) ? "is a folder: a file is expected" : "does not exist"));
            return [];
        }
        try
        {
            if (IsPointer(path))
            {
                problems.Add(new(shown, 0, "", "is a Git LFS pointer, not the file itself; fetch the files with: git lfs pull"));
                return [];
            }
            return [.. reader(path, shown, problems)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new(shown, 0, "", $"cannot be read: {e.Message}"));
            return [];
        }
    }

    private static bool IsPointer(string path)
    {
        using var file = RegularFile.OpenRead(path);
        var start = new byte[64];
        return ModelFile.IsPointer(start.AsSpan(0, file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)));
    }

    // Lines are read as bytes, so that text that is not UTF-8 is a problem of its line and not a character of doubt.
    private static IEnumerable<RawRow> ReadJsonLines(string path, string shown, ICollection<DataProblem> problems)
    {
        using var reader = new StreamReader(RegularFile.OpenRead(path), new UTF8Encoding(false, throwOnInvalidBytes: true));
        for (var number = 1; ; number++)
        {
            string? line;
            try
            {
                line = reader.ReadLine();
            }
            catch (DecoderFallbackException)
            {
                problems.Add(new(shown, number, "", "is not UTF-8 text, here or a little further on"));
                yield break;
            }
            if (line is null) yield break;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (Parse(line, shown, number, problems) is { } row) yield return row;
        }
    }

    private static RawRow? Parse(string line, string shown, int number, ICollection<DataProblem> problems)
    {
        try
        {
            using var document = JsonDocument.Parse(line, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return new(number, document.RootElement.EnumerateObject()
                    .ToDictionary(property => property.Name, property => property.Value.Clone(), StringComparer.Ordinal));
            problems.Add(new(shown, number, "", $"is {document.RootElement.ValueKind}: an object a line is expected"));
        }
        catch (JsonException) when (Doubled(line) is { } name)
        {
            problems.Add(new(shown, number, name, "is here twice: each column once"));
        }
        // the latter: half a surrogate pair, written as an escape
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problems.Add(new(shown, number, "", $"is not JSON: {e.Message.Split(" LineNumber:")[0].TrimEnd('.')}"));
        }
        return null;
    }

    // The first name that an object has twice, be it inside a column; null where none does.
    private static string? Doubled(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return Doubled(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Doubled(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
            return element.EnumerateArray().Select(Doubled).FirstOrDefault(name => name is not null);
        if (element.ValueKind != JsonValueKind.Object) return null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (!seen.Add(property.Name)) return property.Name;
            if (Doubled(property.Value) is { } inner) return $"{property.Name}.{inner}";
        }
        return null;
    }
}
