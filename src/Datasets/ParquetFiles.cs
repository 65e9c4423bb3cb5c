using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Parquet;
using Parquet.Meta;
using Parquet.Schema;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Datasets;

/// <summary>
/// Reads Parquet as if each row were a line of JSON: nested lists and structures become arrays and objects, nulls and empty lists stay what
/// they are, dates are text as ISO 8601 has it. What JSON cannot say (binary, NaN, infinities, text that is not UTF-8, maps whose keys are
/// no text or come twice) is refused, by column.
/// </summary>
internal static class ParquetFiles
{
    private static readonly ParquetOptions Options = new() { UseDateOnlyTypeForDates = true };

    /// <summary>A file's rows.</summary>
    [SuppressMessage("Usage", "VSTHRD002",
        Justification = "Rows are read lazily, by enumerators that are synchronous; the reader knows async alone.")]
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
        await using var stream = RegularFile.OpenRead(path);
        ParquetBounds.CheckFooter(stream);
        await using var reader = await ParquetReader.CreateAsync(stream, Options);
        if (reader.Metadata is not { } metadata) throw new InvalidDataException("it has no metadata");
        var bounds = new ParquetBounds(stream.Length);
        bounds.Check(metadata, stream);
        var texts = TakeTexts(metadata);
        var fields = Readable(reader.Schema, texts, shown, problems);
        var rows = new List<RawRow>();
        for (var index = 0; index < reader.RowGroupCount; index++)
        {
            using var group = reader.OpenRowGroupReader(index);
            var columns = new List<ParquetAssembly>();
            foreach (var field in fields.ToList())
            {
                if (await LoadAsync(group, field, bounds, shown, problems) is { } column) columns.Add(column);
                else fields.Remove(field);
            }
            for (var row = 0L; row < group.RowCount; row++) rows.Add(Row(rows.Count + 1, columns, shown, problems));
            foreach (var column in columns.Where(column => !column.IsAtEnd))
                problems.Add(new(shown, 0, column.Name, "has more values than there are rows"));
        }
        return rows;
    }

    // Which leaves hold text; from here on the reader gives their bytes, of which it would make text whether they are or not.
    private static List<bool> TakeTexts(FileMetaData metadata)
    {
        var texts = new List<bool>();
        foreach (var element in metadata.Schema.Where(element => element.NumChildren is null or 0))
        {
            var isText = element.ConvertedType is ConvertedType.UTF8 or ConvertedType.ENUM or ConvertedType.JSON
                || element.LogicalType is { } logical && (logical.STRING ?? logical.ENUM ?? (object?)logical.JSON) is not null;
            texts.Add(isText);
            if (isText) (element.ConvertedType, element.LogicalType) = (null, null);
        }
        return texts;
    }

    private static List<Field> Readable(ParquetSchema schema, List<bool> texts, string shown, ICollection<DataProblem> problems)
    {
        var binary = schema.GetDataFields().Where((_, leaf) => leaf < texts.Count && !texts[leaf]).ToHashSet();
        var fields = new List<Field>();
        foreach (var field in schema.Fields)
        {
            if (schema.Fields.Count(other => other.Name == field.Name) > 1)
                problems.Add(new(shown, 0, field.Name, "is here twice: each column once"));
            else if (ParquetAssembly.WhyRefused(field, binary.Contains) is { } reason) problems.Add(new(shown, 0, field.Name, reason));
            else fields.Add(field);
        }
        return fields;
    }

    private static async Task<ParquetAssembly?> LoadAsync(ParquetRowGroupReader group, Field field, ParquetBounds bounds, string shown,
        ICollection<DataProblem> problems)
    {
        try
        {
            return await ParquetAssembly.ReadAsync(group, field, bounds);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            problems.Add(new(shown, 0, field.Name, $"cannot be read: {e.Message}"));
            return null;
        }
    }

    private static RawRow Row(int number, List<ParquetAssembly> columns, string shown, ICollection<DataProblem> problems)
    {
        var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var column in columns)
        {
            var value = column.Next(out var problem);
            if (problem is null) values.Add(column.Name, JsonSerializer.SerializeToElement(value, R1Json.Options));
            else problems.Add(new(shown, number, column.Name, problem));
        }
        return new(number, values);
    }
}
