using System.Globalization;
using System.Text;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Times in C's <c>strftime</c> format, English.</summary>
internal static class StrfTime
{
    private static readonly Dictionary<char, Func<DateTimeOffset, string>> Directives = new()
    {
        ['d'] = Net("dd"), ['m'] = Net("MM"), ['y'] = Net("yy"), ['Y'] = Net("yyyy"), ['H'] = Net("HH"), ['I'] = Net("hh"),
            ['M'] = Net("mm"), ['S'] = Net("ss"),
        ['f'] = Net("ffffff"), ['p'] = Net("tt"), ['a'] = Net("ddd"), ['A'] = Net("dddd"), ['b'] = Net("MMM"), ['h'] = Net("MMM"),
            ['B'] = Net("MMMM"),
        ['F'] = Net("yyyy-MM-dd"), ['T'] = Net("HH:mm:ss"), ['D'] = Net("MM/dd/yy"), ['R'] = Net("HH:mm"),
        ['c'] = time => Format(time, "%a %b %e %H:%M:%S %Y"), ['x'] = Net("MM/dd/yy"), ['X'] = Net("HH:mm:ss"),
        ['e'] = time => $"{time.Day,2}", ['j'] = time => $"{time.DayOfYear:000}", ['w'] = time => $"{(int)time.DayOfWeek}",
        ['u'] = time => $"{(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek)}", ['n'] = _ => "\n", ['t'] = _ => "\t",
            ['%'] = _ => "%",
        // Python's now() has no zone.
        ['z'] = _ => "", ['Z'] = _ => "",
    };

    /// <summary>A time as text.</summary>
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            i++;
            var plain = format[i] == '-' && i + 1 < format.Length;
            if (plain) i++;
            if (!Directives.TryGetValue(format[i], out var directive))
                throw new JinjaException($"strftime_now: '%{format[i]}' is not supported");
            var value = JinjaWork.Piece(directive(time));
            text.Append(plain && value.TrimStart('0', ' ') is { Length: > 0 } trimmed ? trimmed : value);
        }
        return text.ToString();
    }

    private static Func<DateTimeOffset, string> Net(string format) => time => time.ToString(format, CultureInfo.InvariantCulture);
}
