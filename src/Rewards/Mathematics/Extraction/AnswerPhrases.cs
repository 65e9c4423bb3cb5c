using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Words that announce a final answer, in several languages.</summary>
internal static partial class AnswerPhrases
{
    private const int MaxTail = 4000;
    private const int MaxPhrases = 12;

    // In lower case.
    private static readonly string[] Phrases =
    [
        "final answer is", "final answer:", "final answer", "the answer is", "ans:", "ans =", "answer is", "answer:", "answer =", "answers are",
            "the answer to", "result is", "答案选", "答案應為", "故选", "故選", "应选", "應選", "所以选", "正确选项", "correct option is", "correct choice is",
            "option is",
        "答案是", "答案为", "答案：", "答案:", "答案", "最终答案", "答えは", "答え：", "答え:", "정답은", "정답:", "답은", "답:", "답변은", "답변:", "回答：", "回答:", "回答是", "解答：", "解答:", "উত্তর:", "জবাব:", "जवाब:", "jibu:", "ìdáhùn:",
        "la réponse est", "réponse est", "réponse:", "réponse :", "réponse finale", "la respuesta es", "respuesta es", "respuesta:",
            "respuesta final", "die antwort ist", "die antwort lautet", "antwort ist", "antwort:", "lösung:",
        "la risposta è", "risposta è", "risposta:", "a resposta é", "resposta é", "resposta:", "het antwoord is", "antwoord:", "ответ:",
            "ответ -", "ответ —", "ответ", "відповідь:", "odpowiedź:", "odpowiedź to", "wynik to", "wynik:", "wynosi",
            "výsledek je", "odpověď:", "svaret är", "svar:",
        "cevap:", "yanıt:", "đáp án là", "đáp án:", "câu trả lời là", "jawabannya adalah", "jawaban:", "उत्तर है", "उत्तर:", "الإجابة هي",
            "الجواب هو", "الإجابة:", "الجواب:", "คำตอบคือ", "คำตอบ:",
    ];

    private static readonly string[] Fillers = ["is", "are", "is:", ":", "：", "=", "**", "*", "be", "为", "是", "est", "ist", "es", "то",
        "the", "->", "\u2013", "therefore", "thus", "final", "answer", "that", "hence", "so", "then", "indeed", "now", "simply", "just",
        "dus", "somit", "donc", "quindi", "portanto", "entonces", "więc", "zatem", "damit", "folglich", "значит", "vậy", "exactly", "equal to"];

    /// <summary>What follows each <c>####</c>, GSM8K's mark of an answer, the last one first.</summary>
    public static IEnumerable<string> Marked(string text)
    {
        var tail = Tail(text);
        for (var at = tail.Length; at > 0 && (at = tail.LastIndexOf("####", at - 1, StringComparison.Ordinal)) >= 0;)
        {
            if (WithoutFillers(tail.AsSpan(at).TrimStart('#')) is { } rest) yield return rest;
        }
    }

    /// <summary>What follows each such phrase, the last one first.</summary>
    public static IEnumerable<string> All(string text)
    {
        var tail = Tail(text);
        var lower = tail.ToLowerInvariant();
        var ends = new SortedDictionary<int, int>();
        foreach (var phrase in Phrases)
        {
            for (var at = 0; (at = lower.IndexOf(phrase, at, StringComparison.Ordinal)) >= 0
                && ends.Count < 4 * MaxPhrases; at += phrase.Length)
                ends[at + phrase.Length] = Math.Max(phrase.Length, ends.GetValueOrDefault(at + phrase.Length));
        }
        var (taken, last) = (0, -1);
        foreach (var (end, length) in ends.Reverse())
        {
            // "the answer is the answer is 5": the last phrase decides
            if (!HasContent(tail.AsSpan(end)) || WithoutFillers(tail.AsSpan(end)) is not { } rest || rest.Length == last) continue;
            last = rest.Length;
            if (Supposed().IsMatch(tail.AsSpan(0, end)) || OthersClaims.Announces(tail.AsSpan(0, end - length))
                || !Commitments.IsOwn(tail, end - length)) continue;
            if (++taken > MaxPhrases) yield break;
            yield return rest;
        }
    }

    /// <summary>What follows the last phrase that something follows, or null.</summary>
    public static string? Find(string text) => Marked(text).Concat(All(text)).FirstOrDefault();

    /// <summary>Whether a text begins with a phrase and its colon: "Ans: 72" is no ratio.</summary>
    public static bool Opens(string text)
    {
        var start = text.AsSpan().TrimStart();
        foreach (var phrase in Phrases)
        {
            if (phrase[^1] is ':' or '=' && start.StartsWith(phrase, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }

    /// <summary>The text up to the end of the line.</summary>
    public static string Line(string text) => text.IndexOf('\n', StringComparison.Ordinal) is var end and >= 0 ? text[..end] : text;

    /// <summary>The text up to the end of the sentence or line.</summary>
    public static string Sentence(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var ends = c is '\n' or '。' or '！' or '？' || c is '.' or '?' or '!' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]))
                && !(c == '.' && IsAbbreviation(text, i));
            if (ends && i > 0) return text[..i];
        }
        return text;
    }

    /// <summary>Whether the sentence that a text begins with asks, and the text goes on: "36? No, it is 37."</summary>
    public static bool IsQuestion(string text) => Sentence(text).Length is var end && end < text.Length && text[end] is '?' or '？'
        && HasContent(text.AsSpan(end));

    /// <summary>Whether the next sentence takes back what the one before said: "42... no, 43", "42. Sorry, 43."</summary>
    public static bool IsCorrected(ReadOnlySpan<char> next) => Correction().IsMatch(next);

    /// <summary>Whether what follows "the answer is" says whose it is, or what it is not: "said to be 42", "不是42".</summary>
    public static bool IsReported(string rest) => Report().IsMatch(rest);

    [GeneratedRegex(
        @"^(?:(?:often|usually|sometimes|commonly)\s+)?(?:said|thought|believed|claimed|supposed|rumou?red|given|assumed|reported)\s+(?:to\s+be|as)\b"
        + @"|^(?:不是|并非|不等于|不为)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Report();

    [GeneratedRegex(
        @"^[\s.…!?*]{0,8}(?:(?:but|wait|no|hmm+|oh|oops|sorry|actually)[\s,.!…]+){0,3}(?:(?:that|this|it)(?:['’]s|\s+is|\s+was)\s+(?:(?:not|n['’]t)\s+(?:right|correct|it|true"
        + @")|wrong|incorrect|impossible|false|a\s+mistake)|(?:that|this|it)\s+isn['’]t\s+(?:right|correct|it|true)|hmm+[\s,.]+no\b|just\s+kidding)\b(?!\s+(?:to|for|that)\b)|"
        + @"^[\s.…!?*]{0,8}(?:(?:oh|ah|hmm|oops|er|um)[,.!…]*\s+)?(?:no|wait|actually|sorry|oops|scratch\s+that|correction|make\s+that|i\s+mean|rather|nein|non|nope)\b"
        + @"[\s,.:;!…—–-]*(?:(?:wait|no|sorry|actually|i\s+mean|make\s+that|it\s+is|it['’]s|it\s+should\s+be|that\s+should\s+be|that['’]s)\b[\s,.:;!…—–-]*){0,3}"
        + @"(?:wrong\b|[-−]?[\\$(]*\d)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Correction();

    // "If the answer is 72": supposed, and not said.
    [GeneratedRegex(
        @"\b(?:if|suppose|supposing|assume|assuming|imagine|pretend|whether|unless|doubt|thought|let['’]?s\s+say|[a-z]+n['’]t\s+(?:think|believe|say|mean|claim)"
        + @"|(?:wrong|incorrect|naive|trap|tempting|mistaken|false)(?=\s+(?:final\s+)?answer)"
        + @"|(?:might|may|could)\s+(?:think|say|guess|believe|expect))\b[^.,;:!?\n]{0,80}$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.RightToLeft)]
    private static partial Regex Supposed();

    private static string Tail(string text) => text.Length > MaxTail ? text[^MaxTail..] : text;

    // p.m., sq. ft, approx. 5: the point ends no sentence.
    private static bool IsAbbreviation(string text, int point)
    {
        var start = point;
        while (start > 0 && (char.IsAsciiLetter(text[start - 1]) || text[start - 1] == '.')) start--;
        var word = text[start..point].ToLowerInvariant();
        var goesOn = point + 2 < text.Length && (char.IsAsciiLetterLower(text[point + 2]) || char.IsAsciiDigit(text[point + 2]));
        return word is "p.m" or "a.m" ? goesOn : word is "approx" or "sq" or "cu" or "i.e" or "e.g" or "ca" or "vs" or "dr" or "mr"
            or "mrs" or "ms";
    }

    private static string? WithoutFillers(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart();
        for (var more = true; more;)
        {
            more = false;
            foreach (var filler in Fillers)
            {
                if (!rest.StartsWith(filler, StringComparison.OrdinalIgnoreCase) || char.IsLetter(filler[^1]) && filler[^1] < 128
                    && rest.Length > filler.Length && char.IsLetterOrDigit(rest[filler.Length])) continue;
                rest = rest[filler.Length..].TrimStart();
                more = rest.Length > 0;
                break;
            }
        }
        return rest.Length > 0 ? rest.ToString() : null;
    }

    private static bool HasContent(ReadOnlySpan<char> text)
    {
        foreach (var c in text) if (char.IsLetterOrDigit(c)) return true;
        return false;
    }
}
