using System.Text.Json;
using Parquet;
using Parquet.Schema;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Datasets;

/// <summary>
/// Reads Parquet as if each row were a line of JSON: nested lists and structures become arrays and objects, nulls and empty lists stay what
/// they are. What
/// JSON cannot say (binary, NaN, infinities, maps whose keys are no text) is refused, by column.
/// </summary>
internal static class ParquetFiles
{
    /// <summary>A file's rows.</summary>
    public static IEnumerable<RawRow> Read(string path, string shown, ICollection<DataProblem> problems)
    {
        try
        {
            return Task.Run(() => ReadAsync(path, shown, problems)).GetAwaiter().GetResult();
        }
        // a damaged file fails in many ways inside the reader
        catch (Exception e) when (e is not (UnauthorizedAccessException or OutOfMemoryException))
        {
            problems.Add(new(shown, 0, "", $"is no readable Parquet file: {e.Message}"));
            return [];
        }
    }

    private static async Task<List<RawRow>> ReadAsync(string path, string shown, ICollection<DataProblem> problems)
    {
        var rows = new List<RawRow>();
        await using var stream = RegularFile.OpenRead(path);
        await using var reader = await ParquetReader.CreateAsync(stream);
        var fields = new List<Field>();
        foreach (var field in reader.Schema.Fields)
        {
            if (ParquetAssembly.WhyRefused(field) is { } reason) problems.Add(new(shown, 0, field.Name, reason));
            else fields.Add(field);
        }
        for (var index = 0; index < reader.RowGroupCount; index++)
        {
            using var group = reader.OpenRowGroupReader(index);
            var columns = new List<(string Name, ParquetAssembly Assembly)>();
            foreach (var field in fields) columns.Add((field.Name, await ParquetAssembly.ReadAsync(group, field)));
            for (var row = 0L; row < group.RowCount; row++)
            {
                var number = rows.Count + 1;
                var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var (name, assembly) in columns)
                {
                    try
                    {
                        values.Add(name, JsonSerializer.SerializeToElement(assembly.Next(), R1Json.Options));
                    }
                    catch (NotFiniteNumberException e)
                    {
                        problems.Add(new(shown, number, name,
                            $"holds {e.OffendingNumber}, which JSON cannot say: a finite number or null is expected"));
                    }
                }
                rows.Add(new(number, values));
            }
        }
        return rows;
    }
}
