using System.Text;

namespace R1Cloud.Rewards.Instructions;

/// <summary>Counts words, sentences and other units of a text.</summary>
internal static class TextUnits
{
    private const string Enders = ".!?", Closers = "\"')]}”’»*_", WideEnders = "。！？";

    private static readonly HashSet<string> Abbreviations = new(StringComparer.OrdinalIgnoreCase)
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "inc", "ltd", "co", "corp", "vs", "etc", "e.g", "i.e", "fig", "no", "vol",
            "approx", "dept", "est", "gen", "gov", "lt", "col",
        "capt", "sgt", "rev", "hon", "u.s", "u.k", "a.m", "p.m", "ph.d",
    };

    /// <summary>Runs of letters, digits and underscores (Python's <c>\w+</c>, which IFEval counts).</summary>
    public static int Words(string text)
    {
        var (count, inside) = (0, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var part = Rune.IsLetterOrDigit(rune) || rune.Value == '_';
            if (part && !inside) count++;
            inside = part;
        }
        return count;
    }

    /// <summary>
    /// Sentences: ended by a full stop, exclamation or question mark before white space (not after an abbreviation, an initial or a number
    /// that a small letter follows) or by a Chinese one; what follows the last is one more. IFEval takes NLTK's trained splitter, which
    /// this stays close to.
    /// </summary>
    public static int Sentences(string text)
    {
        var (count, open) = (0, false); // open: something stands since the last end
        for (var i = 0; i < text.Length; i++)
        {
            if (WideEnders.Contains(text[i]))
            {
                if (open) count++;
                open = false;
                continue;
            }
            if (Enders.Contains(text[i]))
            {
                var end = i;
                while (end + 1 < text.Length && (Enders.Contains(text[end + 1]) || Closers.Contains(text[end + 1]))) end++;
                if (EndsSentence(text, i, end))
                {
                    if (open) count++;
                    open = false;
                    i = end;
                    continue;
                }
            }
            if (char.IsLetterOrDigit(text[i])) open = true;
        }
        return open ? count + 1 : count;
    }

    /// <summary>Words in capitals alone: runs of letters, digits, hyphens and apostrophes with a capital and no small letter.</summary>
    public static int CapitalWords(string text)
    {
        var (count, capital, small) = (0, false, false);
        foreach (var character in text.Append(' '))
        {
            if (char.IsLetterOrDigit(character) || character is '-' or '\'' or '’')
            {
                capital |= char.IsUpper(character);
                small |= char.IsLower(character);
                continue;
            }
            if (capital && !small) count++;
            (capital, small) = (false, false);
        }
        return count;
    }

    /// <summary>How often a text occurs in another, capitals or not, without overlaps.</summary>
    public static int Occurrences(string text, string part)
    {
        var count = 0;
        for (var at = 0; (at = text.IndexOf(part, at, StringComparison.OrdinalIgnoreCase)) >= 0; at += part.Length) count++;
        return count;
    }

    /// <summary>Whether a text occurs in another as a word or words of their own, capitals or not.</summary>
    public static bool HasWord(string text, string word)
    {
        for (var at = 0; (at = text.IndexOf(word, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            // A word that ends in signs, such as C++, ends there by itself.
            if ((!IsWordPart(word, 0) || !IsWordPart(text, at - 1))
                && (!IsWordPart(word, word.Length - 1) || !IsWordPart(text, at + word.Length))) return true;
        }
        return false;
    }

    // Chinese, Japanese and Thai write no spaces: there a word ends anywhere.
    private static bool IsWordPart(string text, int at) =>
        at >= 0 && at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_')
        && !(text[at] > 0xE00 && Rune.TryCreate(text[at], out var rune)
            && R1Cloud.Rewards.Language.Scripts.Of(rune) is R1Cloud.Rewards.Language.Script.Han or R1Cloud.Rewards.Language.Script.Kana
                or R1Cloud.Rewards.Language.Script.Thai or R1Cloud.Rewards.Language.Script.Southeast);

    private static bool EndsSentence(string text, int mark, int end)
    {
        if (end + 1 < text.Length && !char.IsWhiteSpace(text[end + 1])) return false; // 3.14, example.com
        if (text[mark] != '.' || end > mark) return true;
        var start = mark;
        while (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '.')) start--;
        var word = text[start..mark];
        var next = end + 1;
        while (next < text.Length && char.IsWhiteSpace(text[next])) next++;
        if (next == text.Length) return true;
        if (Abbreviations.Contains(word) || (word.Length == 1 && char.IsUpper(word[0]) && word != "I")) return false;
        if (word.Length > 0 && word.All(char.IsAsciiDigit) && IsLineStart(text, start)) return false; // "1. First point"
        return !char.IsLower(text[next]);
    }

    private static bool IsLineStart(string text, int at)
    {
        while (at > 0 && text[at - 1] is ' ' or '\t') at--;
        return at == 0 || text[at - 1] == '\n';
    }
}
