using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// What comes after an answer and takes it back: a sentence that turns round ("Wait", "But", "Scratch that"), that speaks of a mistake,
/// that says "this is not it", or that neither confirms the answer nor explains it. Where the text then settles on another value, that one
/// counts; where it confirms the answer, it stands.
/// </summary>
internal static partial class Retractions
{
    private const int MaxTail = 600;
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    // What somebody says who stops in the middle.
    private const string Interjections =
        @"(?:wait|hmm*|oops|whoops|ouch|sorry|apologies|no(?=\s*(?:[,.:;!…—–-]|$|it\b|that\b|this\b))|nope|nah|oh|ah|er|um|hold\s+on"
        + @"|hang\s+on|actually|well\s+actually|never\s*mind|scratch\s+that|strike\s+that"
        + @"|correction|edit|update|make\s+that|or\s+rather|rather|i\s+mean(?:t)?|just\s+kidding|nein|non|nee|moment|attends|espera"
        + @"|aspetta|нет|стоп|不对|等等|等一下|いや|아니)";

    /// <summary>Where the answer stands that a text turns to after another one; null when it turns to none.</summary>
    /// <param name="after">What follows the first answer.</param>
    public static int? Correction(string after) => Corrected().Match(after) is { Success: true } match ? match.Groups["value"].Index : null;

    /// <summary>Whether what follows an answer begins as somebody does who stops in the middle.</summary>
    public static bool Begin(string after) => Stopped().IsMatch(after.Length > MaxTail ? after[..MaxTail] : after);

    /// <summary>Whether the sentences after an answer take it back.</summary>
    /// <param name="after">What follows the sentence of the answer.</param>
    public static bool Follow(string after)
    {
        if (after.Length > MaxTail) after = after[..MaxTail];
        var retracted = false;
        foreach (var sentence in Sentences(after))
        {
            if (Usual().IsMatch(sentence)) continue;
            if (Turn().IsMatch(sentence) || Fault().IsMatch(sentence) || Denied().IsMatch(sentence)) retracted = true;
            else if (Confirmation().IsMatch(sentence)) retracted = false;
            else if (!IsRemark(sentence)) retracted = true;
        }
        return retracted;
    }

    /// <summary>Whether the last sentence of what follows says what the answer is instead: "It should be 14".</summary>
    public static bool Settles(string after) => Sentences(after).LastOrDefault(sentence => !string.IsNullOrWhiteSpace(sentence)) is { } last
        && Settlement().IsMatch(last);

    // Whether a sentence after the answer confirms or explains it. Any other may turn to something else.
    private static bool IsRemark(string sentence) => Remark().IsMatch(sentence) || Confirmation().IsMatch(sentence)
        || sentence.Contains('=', StringComparison.Ordinal) || !sentence.Any(char.IsLetter);

    private static IEnumerable<string> Sentences(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '\n' or '。' or '！' || text[i] is '.' or '!' or '?' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1])))
            {
                if (i > start) yield return text[start..i];
                start = i + 1;
            }
        }
        if (start < text.Length) yield return text[start..];
    }

    [GeneratedRegex(@"^[\s.,;:!?…*$\\)}\]—–-]{0,12}(?:(?:but|and)\s+)?" + Interjections + @"(?!\p{L})", Options)]
    private static partial Regex Stopped();

    // , no wait, 37; . Correction: 8; — I meant 6
    [GeneratedRegex(
        @"^[\s.,;:!?…*)—–(，。！？；、-]{1,8}(?:(?:but|and)\s+)?(?:" + Interjections + @"(?!\p{L})[\s,.:;!…—–，。！；、-]*){1,4}"
        + @"(?:(?:it|that|this|the\s+(?:\w+\s+)?(?:answer|result|total|value|number))(?:['’]s|\s+is|\s+was|\s+should\s+(?:be|have\s+been)"
        + @"|\s+must\s+be)\s+(?:actually\s+)?)?"
        + @"(?:应该|應該|应当)?[是为為]?(?<value>[$\\(*]*[-−]?\d)", Options)]
    private static partial Regex Corrected();

    [GeneratedRegex(
        @"^[\s.…*(""'\[)]*(?:" + Interjections + @"(?!\p{L})(?!\s+(?:other|further|more|additional)\b)|(?:or|but|however|yet|unfortunately"
        + @"|although|aber|mais|pero|però|mas|maar|но|但是?|不过|しかし|하지만)(?!\p{L})"
        + @"|on\s+(?:second|closer|further)\s+\w+|(?:looking|thinking|checking|counting|reading)\s+(?:\w+\s+)?again|(?:please\s+"
        + @"|kindly\s+)?(?:ignore|disregard|forget|discard|scrap|cancel)\b"
        + @"|let\s+me\s+(?:re\w+|redo|correct|fix|try|think|start)|(?:i|we)\s+(?:now\s+|just\s+|also\s+)*(?:realiz|realis|notic"
        + @"|see\s+(?:now|that)|forgot|overlook|miss|mis\w+|double[- ]?count|take\s+(?:that|it)\s+back|took|retract|withdraw"
        + @"|should\s+have|ought|must\s+have|failed|neglected|omitted|left\s+out|need\s+to\s+(?:re\w+|correct|fix)|was\b|were\b"
        + @"|made\b))", Options)]
    private static partial Regex Turn();

    [GeneratedRegex(
        @"\b(?:wrong|mistakes?|mistaken|incorrect\w*|errors?|erroneous\w*|invalid|contradict\w*|forgot\w*|overlook\w*|mis(?:read|count"
        + @"|calculat|underst|interpret|stat|took)\w*"
        + @"|(?:double|over|under)[- ]?count\w*|retract\w*|withdraw\w*|take\s+(?:that|it)\s+back|(?:should|ought\s+to)\s+have\s+been"
        + @"|absurd|nonsense"
        + @"|falsch|fehler\w*|faux|fausse|erreurs?|falso|incorrect[oa]|errad[oa]|erros?|sbagliat[oa]|errore|fout|ошиб\w*|неверн\w*"
        + @"|неправильн\w*|yanlış|sai)\b"
        + @"|错|有误|間違|틀렸|잘못|गलत|خطأ", Options)]
    private static partial Regex Fault();

    // that is not valid, it cannot be
    [GeneratedRegex(
        @"\b(?:that|this|it|which|the\s+(?:\w+\s+)?(?:answer|result|value|number)|so)\b[^.,;]{0,30}?(?:\bcannot\b|\bnot\b|n['’]t\b"
        + @"|\bimpossible\b|\bfalse\b|\bfails?\b|\btoo\s+\w+)(?!\s+(?:surpris\w*|only|a\s+coincidence|matter|hard|difficult|clear))"
        + @"|^\s*(?:das|dies|es|c['’]est|ce|eso|esto|quello|questo|isso|isto|dat|это)\s[^.,;]{0,30}?(?<!\p{L})(?:nicht|pas|no|non|não|niet"
        + @"|не)(?!\p{L})", Options)]
    private static partial Regex Denied();

    [GeneratedRegex(
        @"^[\s.…*_#>(""'\[-]*(?:(?:this|that|it|these|those|which|because|since|as|for|where|here\s+(?:is|are)|note|notice|observe|recall"
        + @"|remember|hence|thus|therefore|so|and|also|all|each|both"
        + @"|q\.?e\.?d|done|explanation|reason(?:ing)?|proof|check\w*|verif\w*|justification|details|steps?|summary|in\s+(?:conclusion"
        + @"|summary|short|fact|other\s+words)|indeed|finally"
        + @"|no\s+(?:further|other|more|additional|need)|there\s+(?:is|are)\s+no|the\s+(?:\w+\s+)?(?:answer|result|solution|proof"
        + @"|explanation|reason|calculation|computation|steps?|value|units?)"
        + @"|we\s+(?:used?|have|can|checked|verified|know|see|are\s+done|also)|i\s+(?:hope|checked|verified|used|am\s+(?:sure|confident"
        + @"|certain)|have\s+(?:checked|verified))|hope|thank\w*|let\s+me\s+know|please\s+(?:let|ask|note)|feel\s+free|great|good"
        + @"|well\s+done"
        + @"|denn|weil|da|das|dies|probe|car|parce|c['’]est|cela|porque|esto|eso|perché|questo|isso|isto|want|dit|потому|это"
        + @"|так\s+как)(?!\p{L})|因为|因為|这|這|即|以上|上述|此|なぜ|これ|왜냐|이는)", Options)]
    private static partial Regex Remark();

    [GeneratedRegex(
        @"\b(?:it|that|this|there|answer|result|total|value|so|thus|hence|therefore|i|we)\b[^.]*\d", Options)]
    private static partial Regex Settlement();

    [GeneratedRegex(
        @"\b(?:yes|indeed|confirm\w*|verif(?:y|ies|ied)|checks?\s+out|check(?:ed|ing)?|holds|match(?:es)?|agrees?|as\s+(?:before|required"
        + @"|desired|claimed)|satisf\w*|unique|correct|right|consistent|fine|ja|oui|sí|sì|sim|да)\b|是的|没错|正确", Options)]
    private static partial Regex Confirmation();

    // a common mistake is to forget the factor
    [GeneratedRegex(@"^\s*(?:an?|the|one|another)\s+(?:very\s+)?(?:common|usual|typical|frequent|easy|classic)\s+(?:mistake|error"
        + @"|trap)\b", Options)]
    private static partial Regex Usual();
}
