using System.Globalization;
using System.Text;

namespace R1Cloud.Shared.Processes;

/// <summary>
/// Text that cannot steer what shows it. What models write, rows of data and names in storage hold may begin with ESC or a C1 control
/// (colours, the window's title, the clipboard by OSC 52) or turn the order of letters around: each such sign is shown as U+FFFD, one for
/// one.
/// </summary>
public static class Printable
{
    private const char Shown = '\uFFFD';

    /// <summary>A text with line ends and tabs kept and all other controls replaced.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var first = FirstUnprintable(text);
        if (first < 0) return text;
        var printable = new StringBuilder(text.Length).Append(text.AsSpan(0, first));
        for (var at = first; at < text.Length;)
        {
            var length = Length(text, at);
            if (IsPrintable(text, at, length)) printable.Append(text.AsSpan(at, length));
            else printable.Append(Shown);
            at += length;
        }
        return printable.ToString();
    }

    private static int FirstUnprintable(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var length = Length(text, at);
            if (!IsPrintable(text, at, length)) return at;
            at += length;
        }
        return -1;
    }

    private static int Length(string text, int at) => char.IsSurrogatePair(text, at) ? 2 : 1;

    private static bool IsPrintable(string text, int at, int length)
    {
        // tags: a text within the text that nobody sees
        if (length == 2) return char.ConvertToUtf32(text, at) is not (>= 0xE0000 and <= 0xE007F);
        return text[at] switch
        {
            '\n' or '\t' => true,
            '\r' => at + 1 < text.Length && text[at + 1] == '\n',
            // bidirectional marks, overrides and isolates
            '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') => false,
            (>= '\uFFF9' and <= '\uFFFB') => false, // annotations
            var c => char.GetUnicodeCategory(c)
                is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.Surrogate),
        };
    }
}
