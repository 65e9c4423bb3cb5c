using System.Text.Json;
using System.Text.Json.Nodes;
using Parquet;
using Parquet.Data;
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
    private readonly Dictionary<Field, Leaf> leaves = [];

    private ParquetAssembly(Field field) => this.field = field;

    /// <summary>Why a column cannot be read as JSON, or null.</summary>
    public static string? WhyRefused(Field field) => field switch
    {
        DataField data when Nullable.GetUnderlyingType(data.ClrType) is null
            && (data.ClrType == typeof(byte[]) || data.ClrType == typeof(ReadOnlyMemory<byte>)) =>
            "is binary: text is expected (written as UTF-8 text, not as bytes)",
        DataField => null,
        ListField list => WhyRefused(list.Item),
        StructField structure => structure.Fields.Select(WhyRefused).FirstOrDefault(reason => reason is not null),
        MapField map => map.Key is DataField { ClrType: var key }
            && (key == typeof(string) || key == typeof(ReadOnlyMemory<char>)) ? WhyRefused(map.Value) : "is a map whose keys are no text",
        _ => "is of a kind that cannot be read",
    };

    /// <summary>Reads a column of a row group.</summary>
    /// <exception cref="NotSupportedException">Its levels are not those of its schema.</exception>
    public static async Task<ParquetAssembly> ReadAsync(ParquetRowGroupReader group, Field field)
    {
        var assembly = new ParquetAssembly(field);
        await assembly.LoadAsync(group, field, 0, 0);
        return assembly;
    }

    /// <summary>The next row's value.</summary>
    /// <exception cref="NotFiniteNumberException">A number in it is not finite; the row is passed over.</exception>
    public JsonNode? Next()
    {
        var value = Value(field, 0, 0);
        foreach (var leaf in leaves.Values)
        {
            if (leaf.TakeNotFinite() is { } number) throw new NotFiniteNumberException(number);
        }
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
                using (var raw = await group.ReadRawColumnDataBaseAsync(data)) leaves.Add(data, Leaf.Of(raw, definition, repetition));
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
            value[key] = Value(map.Value, repetition + 1, definition + 1);
        }
        while (first.Repetition == repetition + 1);
        return value;
    }

    private bool IsNull(Field node, int definition) => node.IsNullable && FirstLeaf(node).Definition <= definition;

    /// <summary>Passes over the entry that says that there is nothing below.</summary>
    private JsonNode? Skip(Field node)
    {
        foreach (var leaf in LeavesOf(node)) leaves[leaf].Take();
        return null;
    }

    private Leaf FirstLeaf(Field node) => leaves[LeavesOf(node).First()];

    private static IEnumerable<DataField> LeavesOf(Field node) => node switch
    {
        DataField data => [data],
        ListField list => LeavesOf(list.Item),
        StructField structure => structure.Fields.SelectMany(LeavesOf),
        MapField map => LeavesOf(map.Key).Concat(LeavesOf(map.Value)),
        _ => [],
    };

    /// <summary>The values of a leaf with their levels.</summary>
    private sealed class Leaf
    {
        private readonly int[]? definitions, repetitions;
        private readonly int full;
        private readonly JsonNode?[] values;
        private readonly Dictionary<int, double> notFinite;
        private int at, next;
        private double? offending;

        private Leaf(int[]? definitions, int[]? repetitions, int full, JsonNode?[] values, Dictionary<int, double> notFinite) =>
            (this.definitions, this.repetitions, this.full, this.values, this.notFinite) = (definitions, repetitions, full, values,
                notFinite);

        /// <summary>The next entry's definition level; -1 at the end.</summary>
        public int Definition => definitions is null ? (at < values.Length ? full : -1) : at < definitions.Length ? definitions[at] : -1;

        /// <summary>The next entry's repetition level; -1 at the end.</summary>
        public int Repetition => repetitions is null ? 0 : at < repetitions.Length ? repetitions[at] : -1;

        public static Leaf Of(RawColumnData raw, int definition, int repetition)
        {
            var notFinite = new Dictionary<int, double>();
            return new(definition > 0 ? raw.DefinitionLevels.ToArray() : null, repetition > 0 ? raw.RepetitionLevels.ToArray()
                : null, definition, Values(raw, notFinite), notFinite);
        }

        /// <summary>The next entry's value, null where there is none.</summary>
        public JsonNode? Take()
        {
            var isValue = Definition == full;
            at++;
            if (!isValue) return null;
            if (notFinite.TryGetValue(next, out var number)) offending ??= number;
            return values[next++];
        }

        /// <summary>A number that was taken and is not finite, once.</summary>
        public double? TakeNotFinite()
        {
            var taken = offending;
            offending = null;
            return taken;
        }

        private static JsonNode?[] Values(RawColumnData raw, Dictionary<int, double> notFinite) => raw switch
        {
            RawColumnData<ReadOnlyMemory<char>> texts => Made(texts.Values, text => JsonValue.Create(text.ToString())),
            RawColumnData<double> numbers => Made(numbers.Values, (number, index) =>
                Finite(number, index, notFinite, () => JsonValue.Create(number))),
            RawColumnData<float> numbers => Made(numbers.Values, (number, index) =>
                Finite(number, index, notFinite, () => JsonValue.Create(number))),
            RawColumnData<bool> flags => Made(flags.Values, flag => JsonValue.Create(flag)),
            RawColumnData<int> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<long> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<short> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<sbyte> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<byte> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<ushort> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<uint> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<ulong> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<decimal> numbers => Made(numbers.Values, number => JsonValue.Create(number)),
            RawColumnData<DateTime> times => Made(times.Values, time => JsonSerializer.SerializeToNode(time)),
            RawColumnData<DateOnly> days => Made(days.Values, day => JsonSerializer.SerializeToNode(day)),
            RawColumnData<TimeOnly> times => Made(times.Values, time => JsonSerializer.SerializeToNode(time)),
            RawColumnData<TimeSpan> times => Made(times.Values, time => JsonSerializer.SerializeToNode(time)),
            RawColumnData<Guid> ids => Made(ids.Values, id => JsonValue.Create(id.ToString())),
            _ => throw new NotSupportedException(
                $"a column of {raw.GetType().GenericTypeArguments.FirstOrDefault()?.Name ?? raw.GetType().Name} cannot be read"),
        };

        private static JsonNode? Finite(double number, int index, Dictionary<int, double> notFinite, Func<JsonNode?> make)
        {
            if (double.IsFinite(number)) return make();
            notFinite.Add(index, number);
            return null;
        }

        private static JsonNode?[] Made<T>(ReadOnlySpan<T> values, Func<T, JsonNode?> make)
        {
            var made = new JsonNode?[values.Length];
            for (var i = 0; i < made.Length; i++) made[i] = make(values[i]);
            return made;
        }

        private static JsonNode?[] Made<T>(ReadOnlySpan<T> values, Func<T, int, JsonNode?> make)
        {
            var made = new JsonNode?[values.Length];
            for (var i = 0; i < made.Length; i++) made[i] = make(values[i], i);
            return made;
        }
    }
}
