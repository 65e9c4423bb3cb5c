namespace R1Cloud.Tokenizers.Jinja;

/// <summary>
/// Looks for a text in another in time that grows with their lengths. .NET's search takes their product where a long part keeps almost
/// matching: hours within one step, with templates' texts. Long parts are therefore searched by Knuth, Morris and Pratt's method.
/// </summary>
internal static class TextSearch
{
    /// <summary>A part so short costs little even where it always almost matches.</summary>
    public const int Short = 64;

    /// <summary>Where a part first begins, from a place on; -1 when it does not.</summary>
    public static int IndexOf(string text, string part, int start = 0)
    {
        if (part.Length <= Short) return text.IndexOf(part, start, StringComparison.Ordinal);
        var found = Find(new(text.AsSpan(start), false), new(part, false));
        return found < 0 ? -1 : start + found;
    }

    /// <summary>Where a part last begins; -1 when it does not.</summary>
    public static int LastIndexOf(ReadOnlySpan<char> text, string part)
    {
        if (part.Length <= Short) return text.LastIndexOf(part);
        var found = Find(new(text, true), new(part, true));
        return found < 0 ? -1 : text.Length - found - part.Length;
    }

    /// <summary>How often a part is there, none within another.</summary>
    public static int Count(string text, string part)
    {
        if (part.Length <= Short) return text.AsSpan().Count(part);
        var count = 0;
        for (var at = 0; (at = IndexOf(text, part, at)) >= 0; at += part.Length) count++;
        return count;
    }

    /// <summary>A text with another in place of a part.</summary>
    /// <param name="text">The text.</param>
    /// <param name="old">The part, not empty.</param>
    /// <param name="with">What takes its place.</param>
    /// <param name="count">How often at most; below 0 always.</param>
    public static string Replace(string text, string old, string with, int count)
    {
        if (count < 0 && old.Length <= Short) return text.Replace(old, with, StringComparison.Ordinal);
        var replaced = new System.Text.StringBuilder();
        var start = 0;
        for (; count != 0 && IndexOf(text, old, start) is var at and >= 0; count--)
        {
            replaced.Append(text, start, at - start).Append(with);
            start = at + old.Length;
        }
        return replaced.Append(text, start, text.Length - start).ToString();
    }

    private static int Find(Characters text, Characters part)
    {
        if (part.Length > text.Length) return -1;
        JinjaWork.Made((long)part.Length * sizeof(int) / sizeof(char));
        // borders[i]: how long a beginning of the part, shorter than i, ends at i.
        var borders = new int[part.Length];
        for (int at = 1, matched = 0; at < part.Length; at++)
        {
            while (matched > 0 && part[at] != part[matched]) matched = borders[matched - 1];
            if (part[at] == part[matched]) matched++;
            borders[at] = matched;
        }
        for (int at = 0, matched = 0; at < text.Length; at++)
        {
            while (matched > 0 && text[at] != part[matched]) matched = borders[matched - 1];
            if (text[at] == part[matched]) matched++;
            if (matched < part.Length) continue;
            JinjaWork.Passed(at);
            return at + 1 - part.Length;
        }
        JinjaWork.Passed(text.Length);
        return -1;
    }

    // Characters from the front, or from the back.
    private readonly ref struct Characters(ReadOnlySpan<char> characters, bool isReversed)
    {
        private readonly ReadOnlySpan<char> characters = characters;

        public int Length => characters.Length;

        public char this[int at] => isReversed ? characters[characters.Length - 1 - at] : characters[at];
    }
}
