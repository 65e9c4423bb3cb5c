namespace R1Cloud.GpuJob.Rewards.Mathematics.Extraction;

/// <summary>Words that announce a final answer, in several languages.</summary>
internal static class AnswerPhrases
{
    private const int MaxTail = 4000;

    // In lower case.
    private static readonly string[] Phrases =
    [
        "####", "final answer is", "final answer:", "final answer", "the answer is", "answer is", "answer:", "answer =", "answers are", "the answer to", "result is", "correct option is", "correct choice is", "option is",
        "答案是", "答案为", "答案：", "答案:", "答案", "最终答案", "答えは", "答え：", "答え:", "정답은", "정답:", "답은", "답:",
        "la réponse est", "réponse est", "réponse:", "réponse :", "réponse finale", "la respuesta es", "respuesta es", "respuesta:", "respuesta final", "die antwort ist", "die antwort lautet", "antwort ist", "antwort:", "lösung:",
        "la risposta è", "risposta è", "risposta:", "a resposta é", "resposta é", "resposta:", "het antwoord is", "antwoord:", "ответ:", "ответ -", "ответ —", "ответ", "відповідь:", "odpowiedź:", "odpowiedź to", "odpověď:", "svaret är", "svar:",
        "cevap:", "yanıt:", "đáp án là", "đáp án:", "câu trả lời là", "jawabannya adalah", "jawaban:", "उत्तर है", "उत्तर:", "الإجابة هي", "الجواب هو", "الإجابة:", "الجواب:", "คำตอบคือ", "คำตอบ:",
    ];

    private static readonly string[] Fillers = ["is", "are", "is:", ":", "：", "=", "**", "*", "be", "为", "是", "est", "ist", "es", "то", "the", "->", "\u2013", "therefore", "thus", "final", "answer", "that"];

    /// <summary>What follows the last such phrase that something follows, or null.</summary>
    public static string? Find(string text)
    {
        var tail = text.Length > MaxTail ? text[^MaxTail..] : text;
        var lower = tail.ToLowerInvariant();
        var best = -1;
        foreach (var phrase in Phrases)
        {
            var at = lower.LastIndexOf(phrase, StringComparison.Ordinal);
            if (at >= 0 && at + phrase.Length > best && HasContent(tail.AsSpan(at + phrase.Length))) best = at + phrase.Length;
        }
        if (best < 0) return null;
        var rest = tail.AsSpan(best).TrimStart();
        for (var more = true; more;)
        {
            more = false;
            foreach (var filler in Fillers)
            {
                if (!rest.StartsWith(filler, StringComparison.OrdinalIgnoreCase) || char.IsLetter(filler[^1]) && filler[^1] < 128 && rest.Length > filler.Length && char.IsLetterOrDigit(rest[filler.Length])) continue;
                rest = rest[filler.Length..].TrimStart();
                more = rest.Length > 0;
                break;
            }
        }
        return rest.Length > 0 ? rest.ToString() : null;
    }

    /// <summary>The text up to the end of the sentence or line.</summary>
    public static string Sentence(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var ends = c is '\n' or '。' or '！' || c is '.' or '?' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]));
            if (ends && i > 0) return text[..i];
        }
        return text;
    }

    private static bool HasContent(ReadOnlySpan<char> text)
    {
        foreach (var c in text) if (char.IsLetterOrDigit(c)) return true;
        return false;
    }
}
