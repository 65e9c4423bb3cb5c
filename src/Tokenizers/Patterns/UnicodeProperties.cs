using System.Globalization;
using System.Text;

namespace R1Cloud.Tokenizers.Patterns;

/// <summary>Unicode properties, scripts and POSIX classes as items of a .NET class.</summary>
internal static class UnicodeProperties
{
    /// <summary>Word characters: letters, marks, digits, letter numbers, circled letters, connectors.</summary>
    public const string Word = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u24B6-\u24E9";

    private static readonly HashSet<string> Categories =
    [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co", "Cn",
    ];

    private static readonly Dictionary<string, string> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Letter"] = @"\p{L}", ["Mark"] = @"\p{M}", ["Number"] = @"\p{N}", ["Punctuation"] = @"\p{P}", ["Symbol"] = @"\p{S}",
            ["Separator"] = @"\p{Z}",
        ["Uppercase_Letter"] = @"\p{Lu}", ["Lowercase_Letter"] = @"\p{Ll}", ["Decimal_Number"] = @"\p{Nd}",
        ["Alpha"] = @"\p{L}\p{M}\p{Nl}\u24B6-\u24E9", ["Alnum"] = @"\p{L}\p{M}\p{Nl}\p{Nd}\u24B6-\u24E9", ["Digit"] = @"\p{Nd}",
            ["Space"] = @"\s",
        ["White_Space"] = @"\s", ["Upper"] = @"\p{Lu}", ["Lower"] = @"\p{Ll}", ["Punct"] = @"\p{P}$+<=>^`|~", ["Word"] = Word,
            ["XDigit"] = "0-9a-fA-F",
        ["ASCII"] = @"\u0000-\u007F", ["Blank"] = @"\p{Zs}\t", ["Cntrl"] = @"\p{Cc}",
        ["Han"] =
            @"\u2E80-\u2E99\u2E9B-\u2EF3\u2F00-\u2FD5\u3005\u3007\u3021-\u3029\u3038-\u303B\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFA6D\uFA70-\uFAD9",
        ["Hiragana"] = @"\u3041-\u3096\u309D-\u309F",
            ["Katakana"] = @"\u30A1-\u30FA\u30FD-\u30FF\u31F0-\u31FF\u32D0-\u32FE\u3300-\u3357\uFF66-\uFF6F\uFF71-\uFF9D",
        ["Hangul"] =
            @"\u1100-\u11FF\u302E\u302F\u3131-\u318E\u3200-\u321E\u3260-\u327E\uA960-\uA97C\uAC00-\uD7A3\uD7B0-\uD7C6\uD7CB-\uD7FB\uFFA0-\uFFBE\uFFC2-\uFFC7\uFFCA-\uFFCF\uFFD2-\uFFD7\uFFDA-\uFFDC",
    };

    /// <summary>Whether a code point is a word character.</summary>
    public static bool IsWord(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation
        || rune.Value is >= 0x24B6 and <= 0x24E9;

    /// <summary>The items of a property, or null when it is not known.</summary>
    public static string? Items(string name)
    {
        if (Categories.Contains(name)) return $@"\p{{{name}}}";
        var plain = name.Replace("Script=", "", StringComparison.OrdinalIgnoreCase).Replace("sc=", "", StringComparison.OrdinalIgnoreCase);
        return Named.GetValueOrDefault(plain);
    }
}
