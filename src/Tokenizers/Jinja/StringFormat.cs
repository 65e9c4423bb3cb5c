using System.Globalization;
using System.Text;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Python's <c>%</c> formatting and <c>str.format</c>, in the simple forms that templates use.</summary>
internal static class StringFormat
{
    /// <summary><c>"%s: %d" % (a, b)</c>.</summary>
    public static string Percent(string format, IReadOnlyList<object?> values)
    {
        var text = new StringBuilder();
        var used = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            var spec = i + 1;
            while (spec < format.Length && !char.IsAsciiLetter(format[spec]) && format[spec] != '%') spec++;
            if (spec == format.Length) throw new JinjaException("an incomplete format");
            var kind = format[spec];
            if (kind == '%') text.Append('%');
            else if (used == values.Count) throw new JinjaException("more formats than values");
            else text.Append(JinjaWork.Piece(One(kind, format[(i + 1)..spec], values[used++])));
            i = spec;
        }
        return used == values.Count || values is [JinjaDict] ? text.ToString() : throw new JinjaException("more values than formats");
    }

    /// <summary><c>"{} {name}".format(…)</c>.</summary>
    public static string Braces(string format, Arguments arguments)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] is not ('{' or '}'))
            {
                text.Append(format[i]);
                continue;
            }
            if (i + 1 < format.Length && format[i + 1] == format[i])
            {
                text.Append(format[i++]);
                continue;
            }
            var end = format.IndexOf('}', i);
            if (format[i] == '}' || end < 0) throw new JinjaException("a brace without its other half in a format");
            var field = format[(i + 1)..end];
            i = end;
            var (name, spec) = field.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0
                ? (field[..colon], field[(colon + 1)..]) : (field, "");
            var value = name.Length == 0
                ? arguments.Get(next++, "") : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
                ? arguments.Get(place, name)
                : arguments.Get(int.MaxValue, name);
            text.Append(JinjaWork.Piece(spec.Length == 0 ? PythonText.Str(value) : One(spec[^1], spec[..^1], value)));
        }
        return text.ToString();
    }

    private static string One(char kind, string options, object? value)
    {
        var dot = options.IndexOf('.', StringComparison.Ordinal);
        var precision = dot >= 0 && int.TryParse(options[(dot + 1)..], CultureInfo.InvariantCulture, out var digits)
            ? Math.Min(digits, 100) : 6;
        var flags = dot >= 0 ? options[..dot] : options;
        var text = kind switch
        {
            's' => PythonText.Str(value),
            'r' => PythonText.Repr(value),
            'd' or 'i' when Values.Number(value) is { } number => Math.Truncate(number).ToString("F0", CultureInfo.InvariantCulture),
            'f' when Values.Number(value) is { } number => number.ToString($"F{precision}", CultureInfo.InvariantCulture),
            'x' when value is long whole => whole.ToString("x", CultureInfo.InvariantCulture),
            _ => throw new JinjaException($"the format '%{options}{kind}' does not go with {Values.TypeName(value)}"),
        };
        var width = int.TryParse(flags.TrimStart('-', '+', ' ', '0', '<', '>'), NumberStyles.None, CultureInfo.InvariantCulture,
            out var wide) ? Math.Min(wide, 1000) : 0;
        return flags.Contains('-', StringComparison.Ordinal) || flags.StartsWith('<')
            ? text.PadRight(width) : text.PadLeft(width, flags.StartsWith('0') ? '0' : ' ');
    }
}
