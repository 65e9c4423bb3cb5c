using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace R1Cloud.Datasets;

/// <summary>Keys of texts, by which duplicates, splits and contamination are found.</summary>
public static class TextKeys
{
    /// <summary>
    /// A hash of each word (a run of letters and digits, in small letters), in order. Chinese and Japanese characters are a word each.
    /// </summary>
    public static ulong[] Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (words, word) = (new List<ulong>(), new StringBuilder());
        foreach (var rune in Plain(text).EnumerateRunes())
        {
            var alone = rune.Value is >= 0x3040 and <= 0x30FF or >= 0x3400 and <= 0x9FFF or >= 0x20000 and <= 0x323AF;
            if (alone || !Rune.IsLetterOrDigit(rune)) End();
            if (alone) words.Add(HashOf(rune.ToString()));
            else if (Rune.IsLetterOrDigit(rune)) word.Append(Rune.ToLowerInvariant(rune));
        }
        End();
        return [.. words];

        void End()
        {
            if (word.Length > 0) words.Add(HashOf(word.ToString()));
            word.Clear();
        }
    }

    /// <summary>A hash of a whole text without regard to case and spacing. Symbols count: 2+3 is not 2−3.</summary>
    public static ulong Hash(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return HashOf(string.Join(' ', Plain(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant());
    }

    /// <summary>A hash of some words.</summary>
    public static ulong HashOf(ReadOnlySpan<ulong> words) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(words));

    private static ulong HashOf(string text) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()));

    // Full-width letters, digits and signs are the plain ones. (Other Unicode normalisation needs ICU, which the product does without.)
    private static string Plain(string text) =>
        text.Any(IsWide) ? string.Concat(text.Select(character => IsWide(character) ? (char)(character - 0xFEE0) : character)) : text;

    private static bool IsWide(char character) => character is >= '\uFF01' and <= '\uFF5E';
}
