using System.Text.Json.Nodes;
using Parquet;
using Parquet.Schema;

namespace R1Cloud.Datasets;

/// <summary>
/// Puts the values of one column together again from its leaves, by their repetition and definition levels (Dremel, section 4.2): a value
/// each call, in the
/// order of the rows.
/// </summary>
internal sealed class ParquetAssembly
{
    private readonly Field field;
    private readonly ParquetBounds bounds;
    private readonly Dictionary<Field, ParquetLeaf> leaves = [];
    private string? twice;

    private ParquetAssembly(Field field, ParquetBounds bounds) => (this.field, this.bounds) = (field, bounds);

    /// <summary>The column's name.</summary>
    public string Name => this.field.Name;

    /// <summary>Whether nothing is left.</summary>
    public bool IsAtEnd => leaves.Values.All(leaf => leaf.IsAtEnd);

    /// <summary>Why a column cannot be read as JSON, or null.</summary>
    /// <param name="field">The column, or a part of it.</param>
    /// <param name="isBinary">Whether bytes of a leaf are not text.</param>
    public static string? WhyRefused(Field field, Func<DataField, bool> isBinary) => field switch
    {
        DataField data when IsBytes(data) && isBinary(data) =>
            "is binary: text is expected (written as UTF-8 text, not as bytes)",
        DataField => null,
        ListField list => WhyRefused(list.Item, isBinary),
        StructField structure => structure.Fields.Select(part => WhyRefused(part, isBinary)).FirstOrDefault(reason => reason is not null),
        MapField map => map.Key is DataField key && IsBytes(key) && !isBinary(key) ? WhyRefused(map.Value, isBinary)
            : "is a map whose keys are no text",
        _ => "is of a kind that cannot be read",
    };

    private static bool IsBytes(DataField field) => field.ClrType == typeof(byte[]) || field.ClrType == typeof(ReadOnlyMemory<byte>);

    /// <summary>Reads a column of a row group.</summary>
    /// <exception cref="NotSupportedException">Its levels are not those of its schema.</exception>
    /// <exception cref="InvalidDataException">Its text is more than the bounds allow.</exception>
    public static async Task<ParquetAssembly> ReadAsync(ParquetRowGroupReader group, Field field, ParquetBounds bounds)
    {
        var assembly = new ParquetAssembly(field, bounds);
        await assembly.LoadAsync(group, field, 0, 0);
        return assembly;
    }

    /// <summary>The next row's value.</summary>
    /// <param name="problem">What in it JSON cannot say; null when all is well.</param>
    public JsonNode? Next(out string? problem)
    {
        problem = null;
        if (leaves.Values.Any(leaf => leaf.IsAtEnd))
        {
            problem = "has fewer values than there are rows";
            return null;
        }
        var value = Value(field, 0, 0);
        foreach (var leaf in leaves.Values) problem ??= leaf.TakeProblem();
        problem ??= twice is { } key ? $"is a map with the key '{key}' twice: each key once" : null;
        twice = null;
        return value;
    }

    private async Task LoadAsync(ParquetRowGroupReader group, Field node, int repetition, int definition)
    {
        switch (node)
        {
            case DataField data:
                if (data.IsArray) (repetition, definition) = (repetition + 1, definition + 1);
                else if (data.IsNullable) definition++;
                if (data.MaxDefinitionLevel != definition
                    || data.MaxRepetitionLevel != repetition)
                        throw new NotSupportedException($"column {data.Path} is nested in a way that is not known");
                using (var raw = await group.ReadRawColumnDataBaseAsync(data))
                    leaves.Add(data, ParquetLeaf.Of(raw, definition, repetition, bounds));
                break;
            case ListField list:
                await LoadAsync(group, list.Item, repetition + 1, definition + (list.IsNullable ? 2 : 1));
                break;
            case StructField structure:
                foreach (var child in structure.Fields) await LoadAsync(group, child, repetition,
                    definition + (structure.IsNullable ? 1 : 0));
                break;
            case MapField map:
                await LoadAsync(group, map.Key, repetition + 1, definition + (map.IsNullable ? 2 : 1));
                await LoadAsync(group, map.Value, repetition + 1, definition + (map.IsNullable ? 2 : 1));
                break;
        }
    }

    private JsonNode? Value(Field node, int repetition, int definition) => node switch
    {
        DataField { IsArray: true } data => Items(data, data, repetition, definition, () => leaves[data].Take()),
        DataField data => leaves[data].Take(),
        StructField structure => Structure(structure, repetition, definition),
        ListField list => IsNull(list, definition) ? Skip(list) : Items(list, list.Item, repetition, definition + (list.IsNullable ? 1 : 0),
            () => Value(list.Item, repetition + 1, definition + (list.IsNullable ? 2 : 1))),
        MapField map => IsNull(map, definition) ? Skip(map) : Map(map, repetition, definition + (map.IsNullable ? 1 : 0)),
        _ => null,
    };

    private JsonNode? Structure(StructField structure, int repetition, int definition)
    {
        if (IsNull(structure, definition)) return Skip(structure);
        var inner = definition + (structure.IsNullable ? 1 : 0);
        var value = new JsonObject();
        foreach (var child in structure.Fields) value[child.Name] = Value(child, repetition, inner);
        return value;
    }

    private JsonArray Items(Field whole, Field item, int repetition, int definition, Func<JsonNode?> read)
    {
        var items = new JsonArray();
        var first = FirstLeaf(item);
        if (first.Definition <= definition)
        {
            Skip(whole);
            return items;
        }
        do items.Add(read());
        while (first.Repetition == repetition + 1);
        return items;
    }

    private JsonObject Map(MapField map, int repetition, int definition)
    {
        var value = new JsonObject();
        var first = FirstLeaf(map.Key);
        if (first.Definition <= definition)
        {
            Skip(map);
            return value;
        }
        do
        {
            var key = Value(map.Key, repetition + 1, definition + 1)?.GetValue<string>() ?? "";
            var item = Value(map.Value, repetition + 1, definition + 1);
            if (!value.TryAdd(key, item)) twice ??= key;
        }
        while (first.Repetition == repetition + 1);
        return value;
    }

    private bool IsNull(Field node, int definition) => node.IsNullable && FirstLeaf(node).Definition <= definition;

    // Passes over the entry that says that there is nothing below.
    private JsonNode? Skip(Field node)
    {
        foreach (var leaf in LeavesOf(node)) leaves[leaf].Take();
        return null;
    }

    private ParquetLeaf FirstLeaf(Field node) => leaves[LeavesOf(node).First()];

    private static IEnumerable<DataField> LeavesOf(Field node) => node switch
    {
        DataField data => [data],
        ListField list => LeavesOf(list.Item),
        StructField structure => structure.Fields.SelectMany(LeavesOf),
        MapField map => LeavesOf(map.Key).Concat(LeavesOf(map.Value)),
        _ => [],
    };
}
