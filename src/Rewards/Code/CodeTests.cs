using System.Text.Json;
using System.Text.RegularExpressions;
using R1Cloud.Shared;

namespace R1Cloud.Rewards.Code;

/// <summary>A program's input and the output it must write.</summary>
/// <param name="Input">Standard input.</param>
/// <param name="Output">Standard output; compared by <see cref="OutputComparison"/>.</param>
internal sealed record CodeCase(string Input, string Output);

/// <summary>A data row's tests: cases of input and output, or assertions.</summary>
/// <param name="Cases">Cases; each runs the program from its start.</param>
/// <param name="Assertions">Pieces of test code; each is one test.</param>
/// <param name="EntryPoint">The function under test, which HumanEval's tests call <c>candidate</c>.</param>
/// <param name="Setup">Test code that runs before the assertions.</param>
internal sealed partial record CodeTests(IReadOnlyList<CodeCase> Cases, IReadOnlyList<string> Assertions, string? EntryPoint, string? Setup)
{
    /// <summary>Names that the assertions call, the function under test among them.</summary>
    public IReadOnlyCollection<string> CalledNames { get; } =
        EntryPoint is { Length: > 0 } ? [EntryPoint] : [.. Assertions.SelectMany(code => Call().Matches(code)).Select(match =>
            match.Groups["name"].Value).Distinct(StringComparer.Ordinal)];

    [GeneratedRegex(@"(?:^|[^\w.$])(?<name>[A-Za-z_$][\w$]*)\s*\(", RegexOptions.NonBacktracking)]
    private static partial Regex Call();

    private static readonly string[] TestColumns = ["tests", "test_list", "test", "input_output"];

    /// <summary>
    /// Reads a row: <c>tests</c> is a list of <c>{"input", "output"}</c>, an object of two lists <c>inputs</c> and <c>outputs</c> (APPS), a
    /// string of test code (HumanEval's <c>test</c>) or a list of assert lines (MBPP's <c>test_list</c>); <c>entry_point</c> and
    /// <c>test_setup_code</c> or <c>test_imports</c> are optional. A string may hold the JSON of these.
    /// </summary>
    /// <exception cref="BadInputException">There are no tests, or they have another form.</exception>
    public static CodeTests Parse(IReadOnlyDictionary<string, JsonElement> fields)
    {
        var column = Array.Find(TestColumns, name => fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null)
            ?? throw new BadInputException(
                $"accuracy/code: the row has no tests; one of the columns {string.Join(", ", TestColumns)} is needed.");
        var tests = Unwrap(fields[column]);
        var (entry, setup) =
            (Text(fields, "entry_point") ?? Text(fields, "entryPoint"),
                string.Join('\n',
                    new[] { Text(fields, "test_setup_code"), Text(fields, "test_imports"), Text(fields, "test_setup") }.OfType<string>()));

        if (tests.ValueKind == JsonValueKind.String) return Asserting([tests.GetString()!]);
        if (tests.ValueKind == JsonValueKind.Object)
        {
            if (Lines(tests, "inputs", "input") is not { } inputs || Lines(tests, "outputs", "output") is not { } outputs
                || inputs.Count != outputs.Count)
                throw Bad("an object needs 'inputs' and 'outputs', two lists of as many strings");
            return Of([.. inputs.Zip(outputs, (input, output) => new CodeCase(input, output))]);
        }
        if (tests.ValueKind != JsonValueKind.Array || tests.GetArrayLength() == 0)
            throw Bad("a list, an object or a string is needed, and not an empty one");
        if (tests.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
            return Asserting([.. tests.EnumerateArray().Select(item => item.GetString()!)]);
        return Of([.. tests.EnumerateArray().Select((item, index) =>
            item.ValueKind == JsonValueKind.Object && Line(item, "input") is { } input && Line(item, "output") is { } output
                ? new CodeCase(input, output)
                : throw Bad(
                    $"item {index + 1} is neither an object with the strings 'input' and 'output' nor, like all others, a string"))]);

        CodeTests Asserting(string[] code) =>
            code.Any(string.IsNullOrWhiteSpace)
            ? throw Bad("an empty assertion") : new CodeTests([], code, entry, setup.Length > 0 ? setup : null);
        CodeTests Of(CodeCase[] cases) => cases.Length == 0 ? throw Bad("there are no cases") : new CodeTests(cases, [], entry, null);
        BadInputException Bad(string what) => new($"accuracy/code: column '{column}': {what}.");
    }

    // Data sets often keep JSON in a string.
    private static JsonElement Unwrap(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String || value.GetString()!.TrimStart() is not ['{' or '[', ..]) return value;
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(value.GetString()!);
        }
        catch (JsonException)
        {
            return value;
        }
    }

    private static string? Text(IReadOnlyDictionary<string, JsonElement> fields, string name) =>
        !fields.TryGetValue(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(value.GetString()) ? value.GetString()
        : value.ValueKind == JsonValueKind.Array ? string.Join('\n', value.EnumerateArray().Select(item => item.ToString()))
        : null;

    private static List<string>? Lines(JsonElement item, params string[] names)
    {
        foreach (var name in names)
        {
            if (item.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
                && list.EnumerateArray().All(line => line.ValueKind == JsonValueKind.String))
                return [.. list.EnumerateArray().Select(line => line.GetString()!)];
        }
        return null;
    }

    private static string? Line(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
