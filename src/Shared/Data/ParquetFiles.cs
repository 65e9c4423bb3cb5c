using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parquet.Serialization;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Data;

/// <summary>Reads Parquet; nested lists and structures become JSON.</summary>
internal static class ParquetFiles
{
    /// <summary>A file's rows.</summary>
    public static IEnumerable<RawRow> Read(string path, string shown, ICollection<DataProblem> problems)
    {
        IEnumerable<IDictionary<string, object>> rows;
        try
        {
            using var stream = RegularFile.OpenRead(path);
            rows = Task.Run(() => ParquetSerializer.DeserializeUntypedAsync(stream)).GetAwaiter().GetResult().Data;
        }
        catch (Exception e) when (e is not (UnauthorizedAccessException or OutOfMemoryException)) // a damaged file fails in many ways inside the reader
        {
            problems.Add(new(shown, 0, "", $"is no readable Parquet file: {e.Message}"));
            return [];
        }
        return rows.Select((row, index) => new RawRow(index + 1, row.Where(column => column.Value is not null).ToDictionary(column => column.Key, column => JsonSerializer.SerializeToElement(ToNode(column.Value), R1Json.Options), StringComparer.Ordinal)));
    }

    // The reader's texts are strings, or memory inside of lists; its structures are dictionaries.
    private static JsonNode? ToNode(object? value) => value switch
    {
        null => null,
        string text => text,
        ReadOnlyMemory<char> text => text.ToString(),
        IDictionary<string, object> structure => new JsonObject(structure.Select(member => KeyValuePair.Create(member.Key, ToNode(member.Value)))),
        byte[] bytes => Convert.ToBase64String(bytes),
        IEnumerable items => new JsonArray([.. items.Cast<object?>().Select(ToNode)]),
        _ => JsonSerializer.SerializeToNode(value, value.GetType(), R1Json.Options),
    };
}
