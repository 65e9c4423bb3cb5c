using System.Collections.Frozen;
using System.Text;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>Answers in words.</summary>
internal static class TextAnswers
{
    private static readonly FrozenSet<string> Articles = FrozenSet.ToFrozenSet(["the", "a", "an"]);

    // Ways to say that there is no solution: none of these things, of any kind, is there.
    private static readonly FrozenSet<string> Nothing = FrozenSet.ToFrozenSet(
    [
        "none", "nothing", "emptyset", "empty", "nullset", "nosolution", "noroot", "noanswer", "novalue", "noreal", "nonumber", "nointeger",
            "nosuch", "nopoint", "zerosolution", "impossible",
        "无解", "無解", "没有解", "无实数解", "无实根", "不存在实数解", "keinelösung", "aucunesolution", "pasdesolution", "ninguna", "ningunasolución",
            "sinsolución", "nohaysolución", "нетрешений", "решенийнет", "解なし", "해없음", "semsolução", "nessunasoluzione",
    ]);

    private static readonly FrozenSet<string> SolutionWords = FrozenSet.ToFrozenSet(
        ["real", "such", "possible", "valid", "integer", "positive", "negative", "complex", "rational", "solution", "solutions", "root",
            "roots", "value", "values", "number", "numbers", "answer", "answers", "exists", "exist", "equation", "has", "have", "there",
            "is", "are", "to", "of", "for", "x", "that", "it", "system", "this", "satisfying", "satisfies", "works", "work", "point",
            "points", "integers", "pairs", "pair"]);

    private static readonly FrozenSet<string> Undefined = FrozenSet.ToFrozenSet(["dne", "doesnotexist", "doesntexist", "undefined",
        "notdefined", "limitdoesnotexist", "isundefined", "divergent", "不存在", "未定义"]);

    /// <summary>Whether both say the same but for case, spaces, articles and punctuation.</summary>
    public static bool Same(string a, string b)
    {
        if (Normalize(a) is not { Length: > 0 } text) return false;
        var other = Normalize(b);
        if (HaveSameWords(a, b) || YesOrNo(a) is { } yes && YesOrNo(b) == yes) return true;
        return text == other || IsEmptySet(a) && IsEmptySet(b) || Undefined.Contains(text) && Undefined.Contains(other);
    }

    // What an adjective may stand with or without: an even function is even.
    private static readonly FrozenSet<string> Nouns = FrozenSet.ToFrozenSet(["function", "number", "integer", "triangle", "quadrilateral",
        "series", "sequence", "set", "graph", "figure", "shape", "matrix", "statement", "system", "event", "events", "line",
        "lines", "curve", "answer", "it", "is", "are", "they"]);

    // Forms of one word: converges, convergent.
    private static readonly (string Form, string Stem)[] Forms = [("converges", "converge"), ("convergent", "converge"),
        ("converging", "converge"), ("diverges", "diverge"), ("divergent", "diverge"), ("diverging", "diverge"), ("increasing", "increase"),
        ("increases", "increase"), ("decreasing", "decrease"), ("decreases", "decrease")];

    // The same words in any order, but for nouns that say only of what kind the thing is; nothing but letters is such a text.
    private static bool HaveSameWords(string a, string b)
    {
        if (a.Length + b.Length > 160 || Words(a) is not { } left || Words(b) is not { } right) return false;
        return left.SetEquals(right) || left.Count > 0 && right.Count > 0
            && left.Except(right).Concat(right.Except(left)).All(Nouns.Contains)
            && left.Intersect(right).Any(word => !Nouns.Contains(word));
    }

    private static HashSet<string>? Words(string text)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (var word in text.ToLowerInvariant().Split([' ', '\n', '\t', '~', '.', '!'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!word.All(c => char.IsLetter(c) || c is '-')) return null;
            if (Articles.Contains(word)) continue;
            if (!words.Add(Array.Find(Forms, form => form.Form == word).Stem ?? word)) return null;
        }
        return words;
    }

    // Yes, no, true or false, with a remark behind a comma: "Yes, it is possible".
    private static string? YesOrNo(string text)
    {
        var words = text.Trim().ToLowerInvariant();
        foreach (var answer in (ReadOnlySpan<string>)["yes", "no", "true", "false"])
        {
            if (words.StartsWith(answer, StringComparison.Ordinal)
                && (words.Length == answer.Length || words[answer.Length] is ',' or '.' or ';' or ':' or '!' or '—' or '–')
                && !Contradicts(words[answer.Length..])) return answer;
        }
        return null;
    }

    private static bool Contradicts(string rest) => rest.Contains("but", StringComparison.Ordinal)
        || rest.Contains(" or ", StringComparison.Ordinal) || rest.Contains("if", StringComparison.Ordinal)
        || rest.Contains("unless", StringComparison.Ordinal) || rest.Contains("except", StringComparison.Ordinal);

    /// <summary>Letters and digits in lower case, without articles; numbers stay apart from each other.</summary>
    public static string Normalize(string text)
    {
        var normal = new StringBuilder();
        foreach (var preposition in (ReadOnlySpan<string>)["on ", "in ", "at "])
        {
            if (text.StartsWith(preposition, StringComparison.OrdinalIgnoreCase)
                && text.Length > preposition.Length + 2) text = text[preposition.Length..];
        }
        foreach (var word in text.ToLowerInvariant().Split([' ', '\n', '\t', '~'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (Articles.Contains(word) && text.Length > word.Length) continue;
            for (var i = 0; i < word.Length; i++)
            {
                var c = word[i];
                var digit = char.IsDigit(c);
                if (digit && (i == 0 || !char.IsDigit(word[i - 1])) && normal.Length > 0 && char.IsDigit(normal[^1])) normal.Append(' ');
                if (char.IsLetterOrDigit(c) || c is '.' or '-' && i + 1 < word.Length && char.IsDigit(word[i + 1])
                    && (c == '-' || i > 0 && char.IsDigit(word[i - 1]))) normal.Append(c);
            }
        }
        return normal.ToString();
    }

    /// <summary>Whether the words say that there is nothing: "no solution", "There are no real solutions", "none".</summary>
    public static bool IsEmptySet(string text)
    {
        var normal = Normalize(text);
        if (Nothing.Contains(normal)) return true;
        var words = text.ToLowerInvariant().Split([' ', '\n', '~', '.', ',', '!'], StringSplitOptions.RemoveEmptyEntries).Where(word =>
            !Articles.Contains(word)).ToList();
        if (words.Count is 0 or > 14) return false;
        var no = words.FindIndex(word => word is "no" or "not" or "zero" or "none" or "never" or "cannot");
        return no >= 0 && words.Count > 1 && words.Where((_, i) => i != no).All(word => SolutionWords.Contains(word)
                || word.Length == 1 && char.IsAsciiLetter(word[0]))
            && words.Any(word => word is "such" or "solution" or "solutions" or "root" or "roots" or "value" or "values" or "number"
            or "numbers" or "answer" or "answers" or "integers" or "integer" or "pairs" or "point" or "points");
    }

    /// <summary>Whether the words say every real number.</summary>
    public static bool IsRealLine(string text) => Normalize(text).Replace("allofthe", "all", StringComparison.Ordinal) is "allrealnumbers"
        or "allrealnumber" or "forallreal" or "allrealx" or "allofreals" or "allreals" or "allreal" or "realnumbers" or "anyrealnumber"
            or "everyrealnumber" or "一切实数" or "全体实数";
}
