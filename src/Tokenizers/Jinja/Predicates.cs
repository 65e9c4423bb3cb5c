namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Jinja's tests.</summary>
internal static class Predicates
{
    private static readonly Dictionary<string, Func<object?, Arguments, bool>> All = new()
    {
        ["boolean"] = (value, _) => value is bool,
        ["callable"] = (value, _) => value is JinjaFunction,
        ["defined"] = (value, _) => value is not Undefined,
        ["divisibleby"] = (value, arguments) => Values.Number(Operators.Binary("%", value, arguments.Get(0, "num"), arguments.Run)) == 0,
        ["even"] = (value, arguments) => Values.Number(Operators.Binary("%", value, 2L, arguments.Run)) == 0,
        ["false"] = (value, _) => value is false,
        ["filter"] = (value, _) => value is string name && Filters.Exists(name),
        ["float"] = (value, _) => value is double,
        ["integer"] = (value, _) => value is long,
        ["iterable"] = (value, _) => value is string or List<object?> or object?[] or JinjaDict or Undefined,
        ["lower"] = (value, _) => PythonText.Str(value) is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
        ["mapping"] = (value, _) => value is JinjaDict,
        ["none"] = (value, _) => value is null,
        ["number"] = (value, _) => Values.Number(value) is not null,
        ["odd"] = (value, arguments) => Values.Number(Operators.Binary("%", value, 2L, arguments.Run)) == 1,
        ["sameas"] = (value, arguments) =>
            arguments.Get(0, "other") is var other
            && (ReferenceEquals(value, other)
                || (value?.GetType() == other?.GetType() && Values.AreEqual(value, other) && value is null or bool or long or string)),
        ["sequence"] = (value, _) => value is string or List<object?> or object?[] or JinjaDict or Undefined,
        ["string"] = (value, _) => value is string,
        ["test"] = (value, _) => value is string name && Exists(name),
        ["true"] = (value, _) => value is true,
        ["undefined"] = (value, _) => value is Undefined,
        ["upper"] = (value, _) => PythonText.Str(value) is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
        ["in"] = (value, arguments) => Operators.Contains(arguments.Get(0, "seq"), value),
        ["eq"] = Comparing("=="), ["equalto"] = Comparing("=="), ["ne"] = Comparing("!="), ["lt"] = Comparing("<"),
            ["lessthan"] = Comparing("<"),
        ["le"] = Comparing("<="), ["gt"] = Comparing(">"), ["greaterthan"] = Comparing(">"), ["ge"] = Comparing(">="),
        ["=="] = Comparing("=="), ["!="] = Comparing("!="), ["<"] = Comparing("<"), ["<="] = Comparing("<="), [">"] = Comparing(">"),
            [">="] = Comparing(">="),
    };

    /// <summary>Whether there is such a test.</summary>
    public static bool Exists(string name) => All.ContainsKey(name);

    /// <summary>A test by its name.</summary>
    public static Func<object?, Arguments, bool> Find(string name) =>
        All.TryGetValue(name, out var test) ? test : throw Unknown(name, null);

    /// <summary>An error about a name that no test has.</summary>
    public static JinjaException Unknown(string name, int? line) =>
        new($"there is no test '{name}'; supported: {string.Join(", ", All.Keys.Order(StringComparer.Ordinal))}", line);

    private static Func<object?, Arguments, bool> Comparing(string name) =>
        (value, arguments) => Operators.Compare(name, value, arguments.Get(0, "other"));
}
