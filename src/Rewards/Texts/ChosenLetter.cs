using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Texts;

/// <summary>The letter of a choice that a sentence settles on, after a phrase such as "the answer is".</summary>
internal static partial class ChosenLetter
{
    private const int MaxTail = 4000;

    // Words that may follow the letters A and I without making them an article or a pronoun.
    private static readonly HashSet<string> Clauses = new(StringComparer.OrdinalIgnoreCase)
    {
        "because", "since", "as", "and", "or", "which", "for", "due", "so", "is", "with", "not", "but", "rather", "given", "by", "from",
            "weil", "denn", "parce", "car", "porque", "perché", "in", "on", "if", "where", "that", "according",
    };

    /// <summary>Where phrases that announce a choice end, in order.</summary>
    public static IEnumerable<int> Announced(string text) => Phrase().Matches(text).Select(match => match.Index + match.Length);

    /// <summary>The letter of the last sentence such as "C is correct" or "(C) is the right choice"; null when there is none.</summary>
    public static char? Declared(string text)
    {
        var found = Declaration().Matches(text.Length > MaxTail ? text[^MaxTail..] : text);
        return found.Count > 0 ? found[^1].Groups["letter"].Value[0] : null;
    }

    /// <summary>The letter of a last line that says nothing but it: "Thus, C", "It's C."; null when there is none.</summary>
    public static char? Concluded(string line) =>
        Conclusion().Match(line) is { Success: true } match ? match.Groups["letter"].Value[0] : null;

    /// <summary>Whether what follows the letter A or I goes on after a choice: it is no article and no pronoun.</summary>
    public static bool GoesOn(ReadOnlySpan<char> after) =>
        Word().Match(after.Length > 40 ? after[..40].ToString() : after.ToString()) is { Success: true } word
        && Clauses.Contains(word.Groups[1].Value);

    /// <summary>Whether another letter is joined to the one before a place: "C and D".</summary>
    public static bool IsJoined(string text, int end) =>
        Alternative().IsMatch(text[end..Math.Min(text.Length, end + 60)]);

    /// <summary>Whether the clause of a letter says that it is wrong, or excludes it, or is somebody else's choice.</summary>
    public static bool IsDenied(string text, int at)
    {
        var start = Math.Max(0, at - 80);
        return Refuted().IsMatch(text[(at + 1)..Math.Min(text.Length, at + 81)]) || Excluded().IsMatch(text[start..at]);
    }

    /// <summary>The letter that follows at a place.</summary>
    /// <param name="rest">What follows the phrase.</param>
    /// <param name="isSeveral">Whether it is but one of several: "A or B" settles on nothing.</param>
    /// <returns>The letter in capitals; null when there is none.</returns>
    public static char? Read(ReadOnlySpan<char> rest, out bool isSeveral)
    {
        isSeveral = false;
        if (rest.Length > 400) rest = rest[..400];
        var text = rest.ToString();
        if (Exclusion().Match(text) is { Success: true } exclusion)
        {
            // "not A but B"
            return exclusion.Groups["chosen"].Success ? char.ToUpperInvariant(exclusion.Groups["chosen"].Value[0]) : null;
        }
        if (Letter().Match(text) is not { Success: true } match) return null;
        var letter = match.Groups["letter"].Value[0];
        var after = text[(match.Index + match.Length)..];
        if (Asked().IsMatch(after)) return null; // "C? No, D."
        if (letter is 'A' or 'I' && Word().Match(after) is { Success: true } word && !Clauses.Contains(word.Groups[1].Value)) return null;
        // A small letter is a choice where nothing but the end of the sentence follows.
        if (char.IsAsciiLetterLower(letter) && !match.Groups["bracket"].Success && after.TrimStart(' ', '*', '$', '}', ')', '"').Length > 0
            && after.TrimStart(' ', '*', '$', '}', ')', '"')
                is not (['.' or '\n' or ',' or '。'] or ['.' or '\n' or ',' or '。', not (>= 'a' and <= 'z'), ..])) return null;
        isSeveral = Alternative().IsMatch(after);
        return char.ToUpperInvariant(letter);
    }

    [GeneratedRegex(
        @"(?:\b(?:i|we)(?:\s+would|'d|’d|\s+will|'ll)?\s+(?:choose|pick|select|go\s+with)|(?:answer|choice|option|selection|pick)[""']?\s*(?:(?:should|would|must|could|will|might|may)\s+be|seems\s+to\s+be|is|:|=|：)|correct\s+(?:one|answer|option|choice)?\s*(?:is|:)|antwort\s*(?:ist|lautet|:)|r[ée]ponse\s*(?:(?:correcte|juste|finale)\s*)?(?:est|:)|respuesta\s*(?:(?:correcta|final)\s*)?(?:es|:)|opci[óo]n\s*(?:correcta)?\s*(?:es|:)|resposta\s*(?:(?:correta|certa|final)\s*)?(?:é|:)|risposta\s*(?:(?:corretta|giusta|finale)\s*)?(?:è|:)|antwoord\s*(?:is|:)|svar(?:et)?\s*(?:är|er|:)|ответ\s*[:—-]?|відповідь\s*[:—-]?|odpowied[źz]\s*(?:to|:)|odpověď\s*(?:je|:)|cevap\s*:?|đáp\s+án\s*(?:là|:)?|jawaban(?:nya)?(?:\s+yang\s+benar)?\s*(?:adalah|:)|jibu\s*(?:ni|:)|ìdáhùn\s*[:：]|উত্তর\s*(?:হলো|হল|[:：])|जवाब\s*(?:है|[:：])|답변\s*(?:은|[:：])|回答|解答|答案|选项|選項|正确的?是|故选|故選|应选|應選|(?<![不没沒])(?:选择|选|選)|答え\s*(?:は|[:：])|正解\s*(?:は|[:：])|정답\s*(?:은|[:：])|답\s*(?:은|[:：])|الإجابة(?:\s+الصحيحة)?\s*(?:هي|:)|الجواب\s*(?:هو|:)|उत्तर\s*(?:है|:)|คำตอบ\s*(?:คือ|:))(?:[\s:：是为為应應該该*""'“$({\[<]|\\[(\[])*(?:\\(?:text|mathrm|textbf|mathbf|boxed)\{)?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Phrase();

    [GeneratedRegex(
        @"^(?i:(?:the|la|le|l['’]|el|die|der|das|den|de|het|a|o|est|es)\s*)?(?i:(?:option|choice|letter|opci[óo]n|opzione|opção|alternativa|letra|literal"
        + @"|inciso|lettre|lettera|proposition|buchstabe|variante?|optie|keuze|вариант|буква|пункт|odpowied[źz]|opcja|seçenek|şık)\s+)?(?:\\(?:text|mathrm|textbf|mathbf|boxed)\{)?[\s*$""'“]*(?<bracket>[(\[（{])?\s*(?<letter>[A-Za-z])(?![A-Za-z0-9À-ɏ'’_^]|\s*[-+=<>]\s*[\dA-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Letter();

    [GeneratedRegex(
        @"(?:^|[.!?\n,;:]\s*|\bthat\s+|\b(?:[Oo]nly|[Oo]ption|[Cc]hoice|[Aa]nswer|[Ss]o|[Tt]hus|[Hh]ence|[Tt]herefore,?)\s+)[*$(""']*(?<letter>[A-Z])[)*$""']*\s+(?:is|must\s+be|has\s+to\s+be)\s+(?:the\s+)?(?:only\s+)?(?:correct|right|best|true)(?:\s+(?:answer|choice|option|one))?(?=\s*(?:[.!,;]|$|\n|because|since|as\b))", RegexOptions.CultureInvariant)]
    private static partial Regex Declaration();

    [GeneratedRegex(
        @"(?:^|[,;.]\s)\s*[*]*(?:(?:(?i:so|thus|option|choice|∴|hence|therefore|it\s+is|it's|it’s|that\s+is|i\s+think(?:\s+it\s+is|\s+it's)?))[,:]?\s+)+[*$(\[""']*(?<letter>[A-Z])[)*$\]""']*[.!]?[*]*\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Conclusion();

    [GeneratedRegex(@"^[\s*)$}]*\?\s*\S", RegexOptions.CultureInvariant)]
    private static partial Regex Asked();

    // B is wrong; A, B and D fail
    [GeneratedRegex(
        @"^[)*\]}$""'.]*(?:\s*(?:,|and|or|&|/)*\s*[(*]*[A-Z](?![A-Za-z'’])[)*]*)*\s*(?:(?:is|are|was|were|can|could|does|do|must|has|have|seems?|looks?)\s*(?:\w+ly\s+)?"
        + @"(?:be\s+)?(?:not\b|n['’]t\b|wrong|incorrect|false|impossible|excluded|ruled|eliminated|out\b|too\b|invalid|untrue|implausible)|cannot\b|[a-z]+n['’]t\b"
        + @"|fails?\b|violates?\b|contradicts?\b)", RegexOptions.CultureInvariant)]
    private static partial Regex Refuted();

    [GeneratedRegex(
        @"(?:\b(?:exclud|eliminat|reject|discard|dismiss|rul(?:e|es|ed|ing)\s+out|avoid|neither|nor\b|not\b|never\b|without|unlike|rather\s+than|instead\s+of|except)"
        + @"|\b(?!(?:i|we)\b)[a-z]+\s+(?:would|might|may|could|will)\s+(?:\w+ly\s+)?(?:pick|choose|say|answer|select|think|go\s+with)"
        + @"|\b(?:could|might|may)\s+be|不选|不選|排除)[^,.;:!?]{0,30}$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Excluded();

    [GeneratedRegex(@"^\s+([a-zà-ÿ]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(
        @"^[\s*$})\]）.""']*(?:,|，|、|/|;|&|\band\b|\bor\b|\boder\b|\bund\b|\bou\b|\bet\b|或|和|と|または)[\s*${(\[（""']*(?:(?:and|or|also|maybe|perhaps|possibly|it|they|both|could|may|might|can|be|is|\\text\{|option|choice)\s*)*[({\[（]?(?:[B-HJ-Z](?![A-Za-z'’])|[AI](?=[\s*)}\].]*(?:$|[.,;!)\n])))", RegexOptions.CultureInvariant)]
    private static partial Regex Alternative();

    [GeneratedRegex(
        @"^(?:certainly |clearly |definitely )?(?:not|nicht|不是|pas)\s+[*$({\[""']*[A-Z][*$)}\]""']*(?![A-Za-z])(?:[,;.]?\s*(?:but|sondern|mais|sino|而是|(?:it|the\s+answer)(?:\s+is|'s|’s))\s+(?:rather\s+)?[*$({\[""']*(?<chosen>[A-Z])(?![A-Za-z'’]))?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Exclusion();
}
