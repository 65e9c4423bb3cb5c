using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Json;

namespace R1Cloud.Tokenizers.Patterns;

/// <summary>
/// A regular expression over code points. .NET matches UTF-16 units, of which no surrogate is a letter; so a text with code points beyond
/// U+FFFF is matched in the shape of another, where each is one unit of the same category, and the offsets are mapped back.
/// </summary>
internal sealed class CodePointRegex
{
    // One character each that stands for the code points of a category beyond U+FFFF, in the order of UnicodeCategory. U+4DBF stands for
    // Han.
    private const string StandIns =
        "\uA640\uA641\u1FBC\uA9CF\uA000\uA806\uA823\u20DD\uA8D0\u16EE\uA830\u2028\u2028\u2028\u0001\uFFF9\uD800\uE000\uFE33\u2E3A\u2E42\u2E29\u2E02\u2E03\uA8CE\u2A00\u20BF\uA700\uA490\uFDD0";
    private const char Han = '\u4DBF';

    // A match takes microseconds, unless a pattern backtracks without end.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    private readonly Regex regex;
    private readonly string name;

    private CodePointRegex(string translated, string name)
    {
        this.name = name;
        regex = new Regex(translated, RegexOptions.Compiled | RegexOptions.CultureInvariant | RegexOptions.Multiline, LongestMatch);
    }

    /// <summary>A pattern of <c>tokenizer.json</c>.</summary>
    /// <exception cref="BadInputException">The pattern cannot be used.</exception>
    public static CodePointRegex Parse(Component part)
    {
        try
        {
            return new CodePointRegex(OnigurumaPattern.Translate(part.AsText()),
                $"{part.File}: {part.Path}: the pattern {Shown(part.AsText())}");
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new BadInputException(
                $"{part.File}: {part.Path}: the pattern {Shown(part.AsText())} cannot be used: {Shown(e.Message.Split('\n')[0])}.", e);
        }
    }

    /// <summary>A pattern of the program's own.</summary>
    public static CodePointRegex Of(string pattern) => new(OnigurumaPattern.Translate(pattern), $"the pattern {Shown(pattern)}");

    /// <summary>The matches in a text, leftmost first.</summary>
    public CodePointMatches Matches(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0) return new CodePointMatches(regex.EnumerateMatches(text), null, name);
        var shape = new char[text.Length];
        var offsets = new int[text.Length + 1];
        int length = 0, offset = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            shape[length] = rune.IsBmp ? (char)rune.Value : StandIn(rune);
            offsets[length++] = offset;
            offset += rune.Utf16SequenceLength;
        }
        offsets[length] = offset;
        return new CodePointMatches(regex.EnumerateMatches(shape.AsSpan(0, length)), offsets, name);
    }

    /// <summary>The text with every match replaced by a fixed content.</summary>
    public string Replace(string text, string content)
    {
        var built = new StringBuilder(text.Length);
        var end = 0;
        foreach (var (start, stop) in Matches(text))
        {
            built.Append(text, end, start - end).Append(content);
            end = stop;
        }
        return built.Append(text, end, text.Length - end).ToString();
    }

    private static string Shown(string text) => text.Length > 200 ? text[..200] + "…" : text;

    private static char StandIn(Rune rune)
    {
        var category = Rune.GetUnicodeCategory(rune);
        return category == UnicodeCategory.OtherLetter && rune.Value is >= 0x20000 and <= 0x3FFFF ? Han : StandIns[(int)category];
    }
}
