using System.Text;

namespace R1Cloud.Rewards.Language;

/// <summary>Writing systems that languages are told apart by.</summary>
internal enum Script
{
    None, Latin, Cyrillic, Greek, Hebrew, Arabic, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu, Kannada, Malayalam, Thai,
        Southeast, Hangul, Kana, Han, Other,
}

/// <summary>The script of a character, by Unicode's blocks.</summary>
internal static class Scripts
{
    private static readonly (int First, int Last, Script Script)[] Blocks =
    [
        (0x41, 0x24F, Script.Latin), (0x370, 0x3FF, Script.Greek), (0x400, 0x52F, Script.Cyrillic), (0x590, 0x5FF, Script.Hebrew),
        (0x600, 0x6FF, Script.Arabic), (0x750, 0x77F, Script.Arabic), (0x900, 0x97F, Script.Devanagari), (0x980, 0x9FF, Script.Bengali),
        (0xA00, 0xA7F, Script.Gurmukhi), (0xA80, 0xAFF, Script.Gujarati), (0xB80, 0xBFF, Script.Tamil), (0xC00, 0xC7F, Script.Telugu),
        (0xC80, 0xCFF, Script.Kannada), (0xD00, 0xD7F, Script.Malayalam), (0xE00, 0xE7F, Script.Thai), (0xE80, 0xEFF, Script.Southeast),
            (0x1000, 0x109F, Script.Southeast), (0x1100, 0x11FF, Script.Hangul), (0x1780, 0x17FF, Script.Southeast),
        (0x1E00, 0x1EFF, Script.Latin), (0x1F00, 0x1FFF, Script.Greek), (0x3040, 0x30FF, Script.Kana), (0x3130, 0x318F, Script.Hangul),
        (0x31F0, 0x31FF, Script.Kana), (0x3400, 0x4DBF, Script.Han), (0x4E00, 0x9FFF, Script.Han), (0xAC00, 0xD7AF, Script.Hangul),
        (0xF900, 0xFAFF, Script.Han), (0xFB50, 0xFDFF, Script.Arabic), (0xFE70, 0xFEFF, Script.Arabic), (0x20000, 0x323AF, Script.Han),
    ];

    /// <summary>The script of a letter or of a mark on one; <see cref="Script.None"/> for everything else.</summary>
    public static Script Of(Rune rune)
    {
        var category = Rune.GetUnicodeCategory(rune);
        if (category is not (<= System.Globalization.UnicodeCategory.SpacingCombiningMark)) return Script.None;
        foreach (var (first, last, script) in Blocks)
        {
            if (rune.Value < first) break;
            if (rune.Value <= last) return script;
        }
        return Script.Other;
    }
}
