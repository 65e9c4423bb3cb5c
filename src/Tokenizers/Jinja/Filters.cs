using System.Text.RegularExpressions;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Jinja's filters of single values; those of sequences are in <see cref="SequenceFilters"/>.</summary>
internal static class Filters
{
    // Jinja's title looks for words; Python's method for letters.
    private static readonly Regex WordBreaks = new(@"[-\s({\[<]+");
    private static readonly Regex Words = new(@"\w+");

    private static readonly Dictionary<string, Func<object?, Arguments, object?>> All =
        new Dictionary<string, Func<object?, Arguments, object?>>
    {
        ["abs"] = (value, _) =>
            value switch { long whole => (object)Math.Abs(whole), double real => Math.Abs(real),
                _ => throw new JinjaException($"abs does not go with {Values.TypeName(value)}") },
        ["attr"] = (value, arguments) => Members.Attribute(value, arguments.Text(0, "name")),
        ["capitalize"] = (value, _) => StringMethods.Capitalize(PythonText.Str(value)),
        ["center"] = (value, arguments) => Center(PythonText.Str(value), arguments),
        ["d"] = Default,
        ["default"] = Default,
        ["e"] = (value, _) => Escape(PythonText.Str(value)),
        ["escape"] = (value, _) => Escape(PythonText.Str(value)),
        ["float"] = (value, arguments) =>
            Values.Number(value)
            ?? (double.TryParse(value as string, System.Globalization.CultureInfo.InvariantCulture, out var real)
                ? real : arguments.Get(0, "default", 0.0)),
        ["format"] = (value, arguments) =>
            StringFormat.Percent(PythonText.Str(value),
                arguments.Named.Count > 0 ? throw new JinjaException("format by names is not supported") : arguments.Positional),
        ["indent"] = Indent,
        ["int"] = Whole,
        ["items"] = (value, _) =>
            value is Undefined
            ? new List<object?>()
            : ((JinjaFunction)Members.Attribute(Dict("items", value), "items")!)(new(null!, [], new Dictionary<string, object?>())),
        ["lower"] = (value, _) => PythonText.Str(value).ToLowerInvariant(),
        ["pprint"] = (value, _) => PythonText.Repr(value),
        ["replace"] = (value, arguments) =>
            StringMethods.Replace(arguments.Run, PythonText.Str(value), arguments.Text(0, "old"), arguments.Text(1, "new"),
                arguments.Get(2, "count", null) is null ? -1 : arguments.Whole(2, "count", -1)),
        ["round"] = (value, arguments) => Round(value, arguments),
        ["safe"] = (value, _) => PythonText.Str(value),
        ["string"] = (value, _) => PythonText.Str(value),
        ["title"] = (value, _) => Title(PythonText.Str(value)),
        ["tojson"] = ToJson,
        ["trim"] = (value, arguments) => ((JinjaFunction)Members.Attribute(PythonText.Str(value), "strip")!)(arguments),
        ["truncate"] = Truncate,
        ["upper"] = (value, _) => PythonText.Str(value).ToUpperInvariant(),
        ["wordcount"] = (value, _) => (long)Words.Count(PythonText.Str(value)),
    }.Concat(SequenceFilters.All).ToDictionary();

    /// <summary>Whether there is such a filter.</summary>
    public static bool Exists(string name) => All.ContainsKey(name);

    /// <summary>A filter by its name.</summary>
    public static Func<object?, Arguments, object?> Find(string name) =>
        All.TryGetValue(name, out var filter) ? filter : throw Unknown(name, null);

    /// <summary>An error about a name that no filter has.</summary>
    public static JinjaException Unknown(string name, int? line) =>
        new($"there is no filter '{name}'; supported: {string.Join(", ", All.Keys.Order(StringComparer.Ordinal))}", line);

    private static object? Default(object? value, Arguments arguments) =>
        value is Undefined || (Values.IsTrue(arguments.Get(1, "boolean", false)) && !Values.IsTrue(value))
            ? arguments.Get(0, "default_value", "") : value;

    private static JinjaDict Dict(string filter, object? value) =>
        value as JinjaDict ?? throw new JinjaException($"{filter} needs a dictionary, not {Values.TypeName(value)}");

    private static string Center(string text, Arguments arguments)
    {
        var width = arguments.Whole(0, "width", 80);
        arguments.Run.Reserve(width);
        var room = Math.Max(0, width - text.Length);
        // Python puts the odd space to the left when the width is odd.
        var left = (room / 2) + (room & width & 1);
        return text.PadLeft(text.Length + left).PadRight(text.Length + room);
    }

    private static string Title(string text)
    {
        var title = new System.Text.StringBuilder(text.Length);
        var start = 0;
        foreach (var between in WordBreaks.EnumerateMatches(text))
        {
            title.Append(StringMethods.Capitalize(text[start..between.Index])).Append(text, between.Index, between.Length);
            start = between.Index + between.Length;
        }
        return title.Append(StringMethods.Capitalize(text[start..])).ToString();
    }

    private static string Escape(string text)
    {
        JinjaWork.Made(text.Length + (4L * text.AsSpan().CountAny("&<>\"'")));
        return Escaped(text);
    }

    private static string Escaped(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal)
            .Replace("'", "&#39;", StringComparison.Ordinal);

    private static string Indent(object? value, Arguments arguments)
    {
        var by = arguments.Get(0, "width", 4L) is string text ? text : new string(' ', Math.Clamp(arguments.Whole(0, "width", 4), 0, 1000));
        bool first = Values.IsTrue(arguments.Get(1, "first", false)), blank = Values.IsTrue(arguments.Get(2, "blank", false));
        var lines = PythonText.Str(value).Split('\n');
        arguments.Run.Reserve(lines.Sum(line => (long)line.Length + by.Length));
        return string.Join('\n', lines.Select((line, i) => (i == 0 ? first : blank || line.Length > 0) ? by + line : line));
    }

    private static object? Whole(object? value, Arguments arguments)
    {
        switch (value)
        {
            case long or bool: return value is bool flag ? flag ? 1L : 0L : value;
            case double real when Math.Abs(real) < 9e18: return (long)real;
            case string text:
                var number = arguments.Whole(1, "base", 10);
                var digits = text.Trim();
                if (number == 10
                    && long.TryParse(digits, System.Globalization.NumberStyles.AllowLeadingSign,
                        System.Globalization.CultureInfo.InvariantCulture, out var whole)) return whole;
                if (number == 10 && double.TryParse(digits, System.Globalization.CultureInfo.InvariantCulture, out var parsed)
                    && Math.Abs(parsed) < 9e18) return (long)parsed;
                if (number == 16
                    && long.TryParse(digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits,
                        System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out whole))
                    return whole;
                break;
        }
        return arguments.Get(0, "default", 0L);
    }

    private static object Round(object? value, Arguments arguments)
    {
        if (Values.Number(value) is not { } number) throw new JinjaException($"round does not go with {Values.TypeName(value)}");
        var scale = Math.Pow(10, arguments.Whole(0, "precision", 0));
        return arguments.Text(1, "method", "common") switch
        {
            "common" when value is long whole && scale >= 1 => (object)whole,
            "common" => Math.Round(number * scale, MidpointRounding.ToEven) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            var other => throw new JinjaException($"round: '{other}' is not one of common, ceil, floor"),
        };
    }

    private static string Truncate(object? value, Arguments arguments)
    {
        var text = PythonText.Str(value);
        var (length, end) = (arguments.Whole(0, "length", 255), arguments.Text(2, "end", "..."));
        if (text.Length <= length + arguments.Whole(3, "leeway", 5)) return text;
        var cut = text[..Math.Max(0, length - end.Length)];
        return (Values.IsTrue(arguments.Get(1, "killwords", false)) || !cut.Contains(' ', StringComparison.Ordinal)
            ? cut : cut[..cut.LastIndexOf(' ')]) + end;
    }

    // transformers' own: json.dumps without escaping for HTML.
    private static string ToJson(object? value, Arguments arguments)
    {
        // Its parameters: ensure_ascii, indent, separators, sort_keys; Jinja's own filter takes the indent first, and so do templates.
        object? indent = arguments.Named.TryGetValue("indent", out var named)
            ? named : arguments.Positional.FirstOrDefault(argument => argument is long or string);
        var by = indent switch { long width => new string(' ', (int)Math.Clamp(width, 0, 100)), string text => text, _ => null };
        var separators = arguments.Named.GetValueOrDefault("separators") is { } given
            ? Values.Iterate(given).Select(PythonText.Str).ToList() : [by is null ? ", " : ",", ": "];
        if (separators is not [var item, var key]) throw new JinjaException("tojson: the separators must be two");
        return PythonText.Json(value, by, item, key, Values.IsTrue(arguments.Named.GetValueOrDefault("sort_keys")),
            Values.IsTrue(arguments.Named.GetValueOrDefault("ensure_ascii")));
    }
}
