namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Words that announce a final answer, in several languages.</summary>
internal static class AnswerPhrases
{
    private const int MaxTail = 4000;
    private const int MaxPhrases = 12;

    // In lower case.
    private static readonly string[] Phrases =
    [
        "final answer is", "final answer:", "final answer", "the answer is", "answer is", "answer:", "answer =", "answers are",
            "the answer to", "result is", "答案选", "答案應為", "故选", "故選", "应选", "應選", "所以选", "正确选项", "correct option is", "correct choice is",
            "option is",
        "答案是", "答案为", "答案：", "答案:", "答案", "最终答案", "答えは", "答え：", "答え:", "정답은", "정답:", "답은", "답:",
        "la réponse est", "réponse est", "réponse:", "réponse :", "réponse finale", "la respuesta es", "respuesta es", "respuesta:",
            "respuesta final", "die antwort ist", "die antwort lautet", "antwort ist", "antwort:", "lösung:",
        "la risposta è", "risposta è", "risposta:", "a resposta é", "resposta é", "resposta:", "het antwoord is", "antwoord:", "ответ:",
            "ответ -", "ответ —", "ответ", "відповідь:", "odpowiedź:", "odpowiedź to", "odpověď:", "svaret är", "svar:",
        "cevap:", "yanıt:", "đáp án là", "đáp án:", "câu trả lời là", "jawabannya adalah", "jawaban:", "उत्तर है", "उत्तर:", "الإجابة هي",
            "الجواب هو", "الإجابة:", "الجواب:", "คำตอบคือ", "คำตอบ:",
    ];

    private static readonly string[] Fillers = ["is", "are", "is:", ":", "：", "=", "**", "*", "be", "为", "是", "est", "ist", "es", "то",
        "the", "->", "\u2013", "therefore", "thus", "final", "answer", "that", "hence", "so", "then", "indeed", "now", "simply", "just"];

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
        var ends = new SortedSet<int>();
        foreach (var phrase in Phrases)
        {
            for (var at = 0; (at = lower.IndexOf(phrase, at, StringComparison.Ordinal)) >= 0
                && ends.Count < 4 * MaxPhrases; at += phrase.Length) ends.Add(at + phrase.Length);
        }
        var taken = 0;
        foreach (var end in ends.Reverse())
        {
            if (!HasContent(tail.AsSpan(end)) || WithoutFillers(tail.AsSpan(end)) is not { } rest) continue;
            if (++taken > MaxPhrases) yield break;
            yield return rest;
        }
    }

    /// <summary>What follows the last phrase that something follows, or null.</summary>
    public static string? Find(string text) => Marked(text).Concat(All(text)).FirstOrDefault();

    /// <summary>The text up to the end of the line.</summary>
    public static string Line(string text) => text.IndexOf('\n', StringComparison.Ordinal) is var end and >= 0 ? text[..end] : text;

    /// <summary>The text up to the end of the sentence or line.</summary>
    public static string Sentence(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var ends = c is '\n' or '。' or '！' || c is '.' or '?' or '!' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]))
                && !(c == '.' && IsAbbreviation(text, i));
            if (ends && i > 0) return text[..i];
        }
        return text;
    }

    /// <summary>Whether the sentence that a text begins with asks, and the text goes on: "36? No, it is 37."</summary>
    public static bool IsQuestion(string text) => Sentence(text).Length is var end && end < text.Length && text[end] == '?'
        && HasContent(text.AsSpan(end));

    private static string Tail(string text) => text.Length > MaxTail ? text[^MaxTail..] : text;

    /// <summary>p.m., sq. ft, approx. 5: the point ends no sentence.</summary>
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
