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
            return [.. reader(path, shown, problems)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new(shown, 0, "", $"cannot be read: {e.Message}"));
            return [];
        }
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
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                var columns = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var property in document.RootElement.EnumerateObject())
                {
                    if (!columns.TryAdd(property.Name, property.Value.Clone()))
                        problems.Add(new(shown, number, property.Name, "is here twice: each column once"));
                }
                return new(number, columns);
            }
            problems.Add(new(shown, number, "", $"is {document.RootElement.ValueKind}: an object a line is expected"));
        }
        // the latter: half a surrogate pair, written as an escape
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problems.Add(new(shown, number, "", $"is not JSON: {e.Message.Split(" LineNumber:")[0].TrimEnd('.')}"));
        }
        return null;
    }
}
