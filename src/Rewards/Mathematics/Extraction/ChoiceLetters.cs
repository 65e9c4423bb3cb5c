using R1Cloud.Rewards.Texts;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Finds the letter of a multiple-choice answer.</summary>
internal static class ChoiceLetters
{
    private const char Last = 'J';

    /// <summary>
    /// The letter that a short answer consists of or begins with: <c>C</c>, <c>(C)</c>, <c>\text{(C)} 42</c>, <c>C. 42</c>; null otherwise.
    /// </summary>
    /// <param name="text">The answer.</param>
    /// <param name="alone">Whether a content after a letter without brackets or point makes it none.</param>
    public static char? Leading(string text, bool alone = true)
    {
        var rest = Unwrap(text);
        if (rest.Length == 0) return null;
        var bracket = rest[0] is '(' or '[' or '（';
        if (bracket) rest = rest[1..].TrimStart();
        if (rest.Length == 0 || !IsLetter(bracket ? char.ToUpperInvariant(rest[0]) : rest[0])) return null;
        var letter = char.ToUpperInvariant(rest[0]);
        rest = rest[1..].TrimStart();
        if (bracket)
            return rest.Length > 0 && rest[0] is ')' or ']' or '）' && !ContinuesFormula(rest[1..]) && !NamesAnother(rest[1..])
            ? letter : null;
        if (rest.Length > 2 && rest[0] == '.' && rest[1] == ' ') return letter;
        if (rest.Length > 1 && rest[0] is '、' or ',' or '，' && rest[1..].TrimStart() is [var second, .. var after] && IsLetter(second)
            && (after.Length == 0 || !IsWord(after[0]))) return null;
        rest = rest.Trim("}.$* 。");
        if (rest.Length == 0 || rest[0] is ')' or ':' or '：' or '．' or '、') return letter;
        return alone ? null : letter;
    }

    /// <summary>What stands behind the letter in brackets of <c>(A) 42</c>, or null.</summary>
    public static string? Content(string text)
    {
        if (Leading(text) is null) return null;
        var close = text.IndexOf(')', StringComparison.Ordinal);
        if (close < 0) return null;
        var content = text[(close + 1)..].TrimStart('}', ' ', '\\', '$', '~').Trim();
        return content.Length > 0 ? content : null;
    }

    /// <summary>
    /// The letter in a longer text: after "answer is", else the first that begins a line, else the last that stands alone.
    /// </summary>
    public static char? Find(string text)
    {
        if (BoxedAnswers.Find(text) is { } boxed && Leading(boxed, alone: false) is { } inBox) return inBox;
        foreach (var end in ChosenLetter.Announced(text).Reverse())
        {
            if (ChosenLetter.Read(text.AsSpan(end), out var isSeveral) is { } announced) return isSeveral ? null : announced;
        }
        if (ChosenLetter.Declared(text) is { } declared) return declared;
        if (ChosenLetter.Concluded(text.AsSpan().Trim().ToString()) is { } concluded) return concluded;
        int? last = null;
        foreach (var at in Alone(text))
        {
            if (ChosenLetter.IsDenied(text, at)) continue;
            if (BeginsLine(text, at)) return ChosenLetter.IsJoined(text, at + 1) ? null : text[at];
            // "Both C and D": one of several settles on nothing.
            if (last is { } before && text[before] != text[at] && ChosenLetter.IsJoined(text, before + 1)) return null;
            last = at;
        }
        return last is { } index ? text[index] : null;
    }

    // Where letters stand alone, in order.
    private static IEnumerable<int> Alone(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!IsLetter(text[i]) || i > 0 && IsWord(text[i - 1]) || i + 1 < text.Length && (IsWord(text[i + 1]) || text[i + 1] == '\''))
                continue;
            // "A man …" within a sentence is an article, "I think" a pronoun.
            if ((text[i] == 'I' || text[i] == 'A') && i + 2 < text.Length && text[i + 1] == ' '
                && char.IsAsciiLetterLower(text[i + 2]) && !ChosenLetter.GoesOn(text.AsSpan(i + 1))) continue;
            if (Excludes(text.AsSpan(0, i))) continue;
            yield return i;
        }
    }

    private static bool BeginsLine(string text, int at)
    {
        while (at > 0 && text[at - 1] is '(' or '*' or ' ' or '[') at--;
        return at == 0 || text[at - 1] == '\n';
    }

    private static bool Excludes(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd(" (*");
        return before.EndsWith(" not", StringComparison.OrdinalIgnoreCase) || before.EndsWith("n't", StringComparison.Ordinal)
            || before.EndsWith("不是", StringComparison.Ordinal) || before.EndsWith("nicht", StringComparison.Ordinal)
            || before.EndsWith(" pas", StringComparison.Ordinal);
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is >= 'À' and <= 'ɏ';

    private static bool IsLetter(char c) => c is >= 'A' and <= Last;

    // "(D) or (E)" settles on nothing.
    private static bool NamesAnother(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" }*$");
        foreach (var joint in (ReadOnlySpan<string>)["or", "and", ",", "/", "&", ";", "或", "和"])
        {
            if (rest.StartsWith(joint, StringComparison.OrdinalIgnoreCase)
                && rest[joint.Length..].TrimStart(" \\{*$") is [var open, var letter, var close, ..]
                && open is '(' or '[' && IsLetter(letter) && close is ')' or ']') return true;
        }
        return false;
    }

    private static bool ContinuesFormula(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart();
        return rest.Length > 0 && rest[0] is '+' or '-' or '*' or '/' or '^' or '=' or '(' or '!';
    }

    private static ReadOnlySpan<char> Unwrap(string text)
    {
        var rest = text.AsSpan().Trim();
        for (var i = 0; i < 4; i++)
        {
            foreach (var wrapper in (ReadOnlySpan<string>)["\\boxed{", "\\textbf{", "\\text{", "\\mathrm{", "\\mathbf{", "\\textrm{",
                "\\rm", "{", "$", "**"])
            {
                if (rest.StartsWith(wrapper, StringComparison.Ordinal)) rest = rest[wrapper.Length..].TrimStart();
            }
        }
        return rest;
    }
}
