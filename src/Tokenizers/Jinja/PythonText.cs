using System.Globalization;
using System.Text;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Values as text, the way Python writes them: <c>str</c>, <c>repr</c> and <c>json.dumps</c>.</summary>
internal static class PythonText
{
    /// <summary>Python's <c>str</c>; what is undefined is empty.</summary>
    public static string Str(object? value) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Repr(value),
    };

    /// <summary>Python's <c>join</c>.</summary>
    public static string Join(string separator, IEnumerable<string> parts)
    {
        var joined = new StringBuilder();
        var first = true;
        foreach (var part in parts)
        {
            JinjaWork.Made((long)part.Length + separator.Length);
            if (!first) joined.Append(separator);
            joined.Append(part);
            first = false;
        }
        return joined.ToString();
    }

    /// <summary>Python's <c>repr</c>.</summary>
    public static string Repr(object? value)
    {
        Recursion.Check();
        return JinjaWork.Piece(ReprOf(value));
    }

    private static string ReprOf(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        long whole => whole.ToString(CultureInfo.InvariantCulture),
        double real => Float(real),
        string text => Quoted(text),
        List<object?> list => $"[{string.Join(", ", list.Select(Repr))}]",
        object?[] tuple => $"({string.Join(", ", tuple.Select(Repr))}{(tuple.Length == 1 ? "," : "")})",
        JinjaDict dict => $"{{{string.Join(", ", dict.Select(entry => $"{Repr(Values.FromKey(entry.Key))}: {Repr(entry.Value)}"))}}}",
        Undefined => "Undefined",
        _ => throw new JinjaException($"{Values.TypeName(value)} has no text"),
    };

    /// <summary>Python's <c>json.dumps</c>, with every character as it is.</summary>
    /// <param name="value">The value.</param>
    /// <param name="indent">What a level is indented with; null for one line.</param>
    /// <param name="item">What stands between items.</param>
    /// <param name="key">What stands behind a key.</param>
    /// <param name="sort">Whether keys are sorted.</param>
    /// <param name="ascii">Whether other characters than ASCII are escaped.</param>
    public static string Json(object? value, string? indent, string item, string key, bool sort, bool ascii)
    {
        var built = new StringBuilder();
        Write(value, 0);
        return built.ToString();

        void Write(object? part, int level)
        {
            Recursion.Check();
            JinjaWork.Made(JinjaLimits.PieceCost);
            switch (part)
            {
                case null: built.Append("null"); break;
                case bool flag: built.Append(flag ? "true" : "false"); break;
                case long or double: built.Append(part is double.NaN ? "NaN" : part is double.PositiveInfinity
                    ? "Infinity" : part is double.NegativeInfinity ? "-Infinity" : Repr(part)); break;
                case string text: JsonString(text, ascii, built); break;
                case JinjaDict dict:
                    var entries = dict.Select(entry => (Name: Key(entry.Key), entry.Value));
                    if (sort) entries = entries.OrderBy(entry => entry.Name, StringComparer.Ordinal);
                    Block('{', '}', [.. entries], level, entry =>
                    {
                        JsonString(entry.Name, ascii, built);
                        JinjaWork.Made(key.Length);
                        built.Append(key);
                        Write(entry.Value, level + 1);
                    });
                    break;
                case List<object?> or object?[]:
                    Block('[', ']', [.. Values.Iterate(part)], level, inner => Write(inner, level + 1));
                    break;
                default: throw new JinjaException($"{Values.TypeName(part)} cannot be written as JSON");
            }
        }

        void Block<T>(char open, char close, IReadOnlyList<T> parts, int level, Action<T> write)
        {
            built.Append(open);
            for (var i = 0; i < parts.Count; i++)
            {
                JinjaWork.Made(item.Length);
                if (i > 0) built.Append(item);
                NewLine(level + 1);
                write(parts[i]);
            }
            if (parts.Count > 0) NewLine(level);
            built.Append(close);
        }

        void NewLine(int level)
        {
            if (indent is null) return;
            JinjaWork.Made(1 + ((long)level * indent.Length));
            built.Append('\n');
            for (var i = 0; i < level; i++) built.Append(indent);
        }
    }

    private static string Key(object key) => Values.FromKey(key) switch
    {
        string text => text,
        null => "null",
        bool flag => flag ? "true" : "false",
        long or double => Repr(key),
        var other => throw new JinjaException($"{Values.TypeName(other)} cannot be a key in JSON"),
    };

    private static void JsonString(string text, bool ascii, StringBuilder built)
    {
        var before = built.Length;
        built.Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => built.Append("\\\""),
                '\\' => built.Append("\\\\"),
                '\n' => built.Append("\\n"),
                '\r' => built.Append("\\r"),
                '\t' => built.Append("\\t"),
                '\b' => built.Append("\\b"),
                '\f' => built.Append("\\f"),
                < ' ' => built.Append($"\\u{(int)character:x4}"),
                > '~' when ascii => built.Append($"\\u{(int)character:x4}"),
                _ => built.Append(character),
            };
        }
        built.Append('"');
        JinjaWork.Made(built.Length - before); // with escapes up to six times the text
    }

    // The shortest digits that give the number back, in Python's notation.
    private static string Float(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        if (Math.Abs(value) is not 0 and (< 1e-4 or >= 1e16))
        {
            // .NET writes these with an exponent, too, except for numbers of 17 places.
            var mark = text.IndexOf('E', StringComparison.Ordinal);
            var (digits, exponent) = mark < 0
                ? (text.TrimStart('-').TrimEnd('0'), text.TrimStart('-').Length - 1)
                : ("", int.Parse(text[(mark + 1)..], CultureInfo.InvariantCulture));
            var mantissa = mark < 0 ? $"{(value < 0 ? "-" : "")}{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}" : text[..mark];
            return $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (text.Contains('E', StringComparison.Ordinal)) text = value.ToString("F20", CultureInfo.InvariantCulture).TrimEnd('0');
        if (text.EndsWith('.')) text += "0";
        return text.Contains('.', StringComparison.Ordinal) ? text : text + ".0";
    }

    private static string Quoted(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var built = new StringBuilder().Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => built.Append("\\\\"),
                '\n' => built.Append("\\n"),
                '\r' => built.Append("\\r"),
                '\t' => built.Append("\\t"),
                var point when point == quote => built.Append('\\').Append(quote),
                var point when IsPrintable(rune) => built.Append(rune),
                <= 0xFF and var point => built.Append($"\\x{point:x2}"),
                <= 0xFFFF and var point => built.Append($"\\u{point:x4}"),
                var point => built.Append($"\\U{point:x8}"),
            };
        }
        return built.Append(quote).ToString();
    }

    private static bool IsPrintable(Rune rune) =>
        rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
