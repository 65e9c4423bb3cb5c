using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parquet.Data;

namespace R1Cloud.Datasets;

/// <summary>The values of one leaf of a column with their levels.</summary>
internal sealed class ParquetLeaf
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly int[]? definitions, repetitions;
    private readonly int full;
    private readonly JsonNode?[] values;
    private readonly Dictionary<int, string> problems;
    private int at, next;
    private string? problem;

    private ParquetLeaf(int[]? definitions, int[]? repetitions, int full, JsonNode?[] values, Dictionary<int, string> problems) =>
        (this.definitions, this.repetitions, this.full, this.values, this.problems) = (definitions, repetitions, full, values, problems);

    /// <summary>The next entry's definition level; -1 at the end.</summary>
    public int Definition => definitions is null ? (at < values.Length ? full : -1) : at < definitions.Length ? definitions[at] : -1;

    /// <summary>The next entry's repetition level; -1 at the end.</summary>
    public int Repetition => repetitions is null ? 0 : at < repetitions.Length ? repetitions[at] : -1;

    /// <summary>Whether there is no next entry.</summary>
    public bool IsAtEnd => Definition < 0;

    /// <summary>Takes what was read.</summary>
    /// <param name="raw">Values and levels.</param>
    /// <param name="definition">The definition level of an entry that has a value.</param>
    /// <param name="repetition">The deepest repetition level.</param>
    /// <param name="bounds">Counts text.</param>
    public static ParquetLeaf Of(RawColumnData raw, int definition, int repetition, ParquetBounds bounds)
    {
        var problems = new Dictionary<int, string>();
        var definitions = definition > 0 ? raw.DefinitionLevels.ToArray() : null;
        // Where entries are missing the reader's buffer is longer than its values.
        var values = Values(raw, definitions?.Count(level => level == definition), problems, bounds);
        return new(definitions, repetition > 0 ? raw.RepetitionLevels.ToArray() : null, definition, values, problems);
    }

    /// <summary>The next entry's value, null where there is none.</summary>
    public JsonNode? Take()
    {
        var isValue = Definition == full;
        at++;
        if (!isValue) return null;
        if (problems.TryGetValue(next, out var found)) problem ??= found;
        return values[next++];
    }

    /// <summary>What is wrong with a value that was taken, once.</summary>
    public string? TakeProblem()
    {
        var taken = problem;
        problem = null;
        return taken;
    }

    private static JsonNode?[] Values(RawColumnData raw, int? count, Dictionary<int, string> problems, ParquetBounds bounds) => raw switch
    {
        RawColumnData<ReadOnlyMemory<byte>> texts => Made(texts.Values, count, (text, index) => Text(text.Span, index, problems, bounds)),
        RawColumnData<double> numbers => Made(numbers.Values, count, (number, index) =>
            Finite(number, index, problems, () => JsonValue.Create(number))),
        RawColumnData<float> numbers => Made(numbers.Values, count, (number, index) =>
            Finite(number, index, problems, () => JsonValue.Create(number))),
        RawColumnData<bool> flags => Made(flags.Values, count, (flag, _) => JsonValue.Create(flag)),
        RawColumnData<int> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<long> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<short> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<sbyte> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<byte> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<ushort> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<uint> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<ulong> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<decimal> numbers => Made(numbers.Values, count, (number, _) => JsonValue.Create(number)),
        RawColumnData<DateTime> times => Made(times.Values, count, (time, _) => JsonSerializer.SerializeToNode(time)),
        RawColumnData<DateOnly> days => Made(days.Values, count, (day, _) => JsonSerializer.SerializeToNode(day)),
        RawColumnData<TimeOnly> times => Made(times.Values, count, (time, _) => JsonSerializer.SerializeToNode(time)),
        RawColumnData<TimeSpan> times => Made(times.Values, count, (time, _) => JsonSerializer.SerializeToNode(time)),
        RawColumnData<Guid> ids => Made(ids.Values, count, (id, _) => JsonValue.Create(id.ToString())),
        _ => throw new NotSupportedException(
            $"values of {raw.GetType().GenericTypeArguments.FirstOrDefault()?.Name ?? raw.GetType().Name} have no form in JSON"),
    };

    private static JsonValue? Text(ReadOnlySpan<byte> text, int index, Dictionary<int, string> problems, ParquetBounds bounds)
    {
        bounds.AddText(text.Length);
        try
        {
            return JsonValue.Create(Strict.GetString(text));
        }
        catch (DecoderFallbackException)
        {
            problems.Add(index, "is not UTF-8 text");
            return null;
        }
    }

    private static JsonNode? Finite(double number, int index, Dictionary<int, string> problems, Func<JsonNode?> make)
    {
        if (double.IsFinite(number)) return make();
        problems.Add(index, $"holds {number}, which JSON cannot say: a finite number or null is expected");
        return null;
    }

    private static JsonNode?[] Made<T>(ReadOnlySpan<T> values, int? count, Func<T, int, JsonNode?> make)
    {
        if (count > values.Length) throw new InvalidDataException("it has fewer values than it says");
        var made = new JsonNode?[count ?? values.Length];
        for (var i = 0; i < made.Length; i++) made[i] = make(values[i], i);
        return made;
    }
}
