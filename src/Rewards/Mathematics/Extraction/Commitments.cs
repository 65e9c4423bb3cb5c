using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// Whether a text commits itself to the number or formula at a place: its clause neither denies nor leaves it open, its sentence is neither
/// a condition nor a task nor somebody else's claim nor one of several cases, and nothing after it takes it back.
/// </summary>
internal static partial class Commitments
{
    private const int MaxContext = 240, MaxNumber = 80;
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>Whether the text commits itself.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the answer begins.</param>
    /// <param name="end">Where it ends.</param>
    public static bool Hold(string text, int start, int end)
    {
        var before = SentenceBefore(text, start);
        return IsStated(text, start, before) && !IsUndone(text, end) && IsOwnAnswer(before)
            && !Subordinate().IsMatch(before + "#" + text[end..SentenceEnd(text, end)]);
    }

    /// <summary>
    /// Whether a box is the text's own word. It needs no more: a box says what it is, so only what is supposed, claimed by somebody or
    /// called wrong in its own sentence is none.
    /// </summary>
    public static bool HoldBox(string text, int start, int end)
    {
        var (before, after) = (SentenceBefore(text, start), text[end..SentenceEnd(text, end)]);
        return !Supposition().IsMatch(before) && !Alleged().IsMatch(before) && !Refuted().IsMatch(after);
    }

    /// <summary>Whether what stands before a place lets it be stated there.</summary>
    public static bool IsStated(string text, int start) => IsStated(text, start, SentenceBefore(text, start));

    /// <summary>Whether the value between these places is the one exception to a denial: "no value other than 8 works".</summary>
    public static bool IsException(string text, int start, int end) =>
        Frames.Except(SentenceBefore(text, start), text[end..SentenceEnd(text, end)]);

    private static bool IsStated(string text, int start, string before)
    {
        var after = AfterNumber(text, start);
        if (Frames.TakeBehind(after)) return false;
        if (!before.Any(char.IsLetter)) return true;
        var clause = Negations.LastClause(before);
        // "no value other than 8", "anything but 16" behind "cannot": denied is everything else.
        var isException = Frames.Except(before, "");
        return (isException || !Negations.Deny(clause) && !IsRejected(clause)) && !Negations.LeaveOpen(clause) && !Negations.Opens(before)
            && !Hypothesis().IsMatch(before) && !IsOthers(text, start, before) && !IsTask(before)
            && !Frames.Take(before, after);
    }

    // The rest of the sentence behind a number.
    private static string AfterNumber(string text, int start)
    {
        var end = start;
        while (end < text.Length && end - start < MaxNumber && (char.IsDigit(text[end]) || text[end] is '$' or '\\' or '(' or '-' or '−'
            || text[end] is '.' or ',' or '/' && end + 1 < text.Length && char.IsDigit(text[end + 1]))) end++;
        return text[end..SentenceEnd(text, end)];
    }

    // "Rejecting the negative root gives x = 4" states, "we reject x = 4" does not.
    private static bool IsRejected(string clause) => Rejection().Match(clause) is { Success: true } rejection
        && !Yield().IsMatch(clause[rejection.Index..]);

    /// <summary>Whether what follows an answer, in its sentence or later, takes it back.</summary>
    public static bool IsUndone(string text, int end)
    {
        var stop = SentenceEnd(text, end);
        var after = text[end..stop];
        return Negations.DenialAfter(after) >= 0 || Negations.IsOpenAfter(after) || Negations.IsAlternative(after)
            || Undoing().IsMatch(after)
            || Said().IsMatch(after) || Retractions.Correction(text[end..Math.Min(text.Length, end + MaxContext)]) is not null
            || stop < text.Length && Retractions.Follow(text[stop..]);
    }

    // Suppose, for contradiction, that the answer is
    [GeneratedRegex(
        @"\b(?:suppose|assume|imagine|pretend|if|were|had)\b(?:(?!\b(?:then|so|hence|thus|therefore|we\s+(?:get|have|find|obtain))\b|=|\d).)*"
        + @"\b(?:answer|result|value|solution|area|number|sum|total)\s+(?:is|was|were|be|equals?)\s*[$\\(\[]*$", Options)]
    private static partial Regex Supposition();

    // A student claims that the area is
    [GeneratedRegex(
        @"\b(?:an?|one|another|some|the|his|her|my)\s+(?:\w+\s+)?(?:student|pupil|friend|classmate|teacher|person|people|colleague|guess|textbook|book"
        + @"|website|calculator)s?\s+(?:\w+\s+)?(?:claim|say|think|believe|argue|guess|answer|state|write|assert|said|thought|wrote|got|gets"
        + @"|obtain)\w*\b(?:(?!\b(?:so|hence|thus|therefore|but|however|actually|then|we|i)\b).)*$", Options)]
    private static partial Regex Alleged();

    // is wrong, since; would be the answer if
    [GeneratedRegex(
        @"^[\s$\\)\]}.,]*(?:(?:is|was|are|seems|looks)\s+(?:clearly\s+|obviously\s+|actually\s+)?(?:not\s+(?:the\s+)?(?:right|correct|answer)"
        + @"|wrong|incorrect|false|impossible|too\s+\w+)\b|(?:isn|wasn)['’]t\b|would\s+(?:have\s+been|be)\b[^.]*\bif\b|cannot\s+be\s+(?:right|correct)\b"
        + @"|can['’]t\s+be\s+(?:right|correct)\b)", Options)]
    private static partial Regex Refuted();

    // Whether a sentence only tells what is to be done: "Find x such that x + 3 = 7".
    private static bool IsTask(string before) => Task().Match(before) is { Success: true } task && !Result().IsMatch(before[task.Length..]);

    /// <summary>Whether the sentence of a number repeats the one before it with other names: two values, and no answer.</summary>
    public static bool IsOneOfSeveral(string text, int start, int end)
    {
        var stop = SentenceEnd(text, end);
        var from = start - SentenceBefore(text, start).Length;
        var last = text[from..stop];
        if (Conclusion().IsMatch(last)) return false;
        if (IsParallel(text[from..start], text[start..stop])) return true;
        if (from == 0) return false;
        var previousEnd = from;
        while (previousEnd > 0 && !char.IsLetterOrDigit(text[previousEnd - 1])) previousEnd--;
        var previous = SentenceBefore(text, previousEnd) + text[previousEnd..from];
        return AreParallel(previous, last);
    }

    // Ben is 20, Carl is 25; plan A needs 6 trips and plan B needs 4
    private static bool IsParallel(string before, string after)
    {
        var joint = Joint().Matches(before).LastOrDefault();
        return joint is not null && AreParallel(before[..joint.Index], before[(joint.Index + joint.Length)..] + after);
    }

    private static bool AreParallel(string previous, string last)
    {
        var (a, b) = (Tokens(previous), Tokens(last));
        if (a.Count != b.Count || a.Count < 2) return false;
        var (numbers, words) = (0, 0);
        for (var i = 0; i < a.Count; i++)
        {
            if (string.Equals(a[i], b[i], StringComparison.OrdinalIgnoreCase)) continue;
            if (char.IsDigit(a[i][0]) && char.IsDigit(b[i][0])) numbers++;
            else words++;
        }
        // "Method 1 gives 35. Method 2 gives 36." or "Jack has 12. Jill has 15."
        return numbers + words == 2 && numbers >= 1 && (numbers == 2 || words == 1);
    }

    /// <summary>Whether what stands before "the answer is" in its clause lets the text itself say it.</summary>
    public static bool IsOwn(string text, int phrase)
    {
        var before = SentenceBefore(text, phrase);
        return !Source().IsMatch(before) && Voice().IsMatch(Negations.LastClause(before));
    }

    // "Legend has it that the answer is" says nothing of the text's own.
    private static bool IsOwnAnswer(string before) => Announcement().Match(before) is not { Success: true } phrase
        || Voice().IsMatch(Negations.LastClause(before[..phrase.Index]));

    private static List<string> Tokens(string text) => [.. Token().Matches(text).Select(match => match.Value)];

    private static string SentenceBefore(string text, int end)
    {
        var start = end;
        while (start > 0 && end - start < MaxContext && !EndsSentence(text, start - 1)) start--;
        return text[start..end];
    }

    private static int SentenceEnd(string text, int start)
    {
        var end = start;
        while (end < text.Length && end - start < MaxContext && !EndsSentence(text, end)) end++;
        return end;
    }

    private static bool EndsSentence(string text, int at) => text[at] is '\n' or '。' or '！' or '？'
        || text[at] is '.' or '!' or '?' && (at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]))
            && !(text[at] == '.' && at > 2 && char.IsLetter(text[at - 1]) && text[at - 2] == '.');

    // doubt that it is 40, rule out 16, a wrong answer is 19
    [GeneratedRegex(
        @"\b(?:(?<!\b(?:no|any|a)\s+)doubt\w*|den(?:y|ies|ied)|false|untrue|impossible|unlikely|wrong|incorrect|mistaken|absurd|nonsense"
        + @"|myth|disprov\w*|refut\w*|disagree\w*|far\s+from|differs?(?:\s+from)?"
        + @"|rul(?:e[sd]?|ing)\s+out|exclud\w+|reject\w*|discard\w*|eliminat\w+|dismiss\w*|avoid\w*|anything\s+but|short\s+of"
        + @"|tempt\w+\s+to)\b", Options)]
    private static partial Regex Rejection();

    [GeneratedRegex(@"\b(?:gives?|giving|yields?|leaves?|leaving|we\s+(?:get|have|find|obtain))\b", Options)]
    private static partial Regex Yield();

    // assuming that …; had we …; if … would; should order matter
    [GeneratedRegex(
        @"\bin\s+(?:the\s+)?(?:worst|best|first|second|other|general|special|ideal|extreme)\s+case\b|^\s*only\s+(?:if|when)\b|^\s*(?:say"
        + @"|imagine|picture)\s"
        + @"|\b(?:assuming|supposing|in\s+case|hypothetically|pretending|provided\s+that|providing\s+that|on\s+condition)\b|^\s*provided\b"
        + @"|(?:^|[,;])\s*(?:wenn|falls|si|se|если|jeśli|jika|nếu|eğer)\s[^,]*$|(?:如果|假如|假设|若|要是)[^，。]*$"
        + @"|^\s*(?:had|were|should)\s+(?:\w+\s+){1,3}\w|\b(?:if|were|had|wenn|falls|si|se|als|если)\b.*\b(?:would|wäre|würden?|serait"
        + @"|sería|sarebbe|seria)\b|\bwould\s+have\b"
        + @"|\bif\s+(?:you|we|one)\s+(?:ask|believe|trust|listen)\b", Options)]
    private static partial Regex Hypothesis();

    [GeneratedRegex(
        @"^[\s*\d.)""“]*(?:(?:please|so|now|then|first|next|the\s+(?:task|question|problem|goal|exercise)\s*(?:is|was|asks?(?:\s+us)?"
        + @"|:)?)[\s,:]*)*(?:(?:we|i|you)\s+(?:need|have|want|are\s+asked|must)\s+(?:to\s+)?|to\s+)?"
        + @"(?:find|write|list|name|draw|convert|reduce|solve|compute|calculate|determine|evaluate|simplify|prove|count|factor(?:ize)?"
        + @"|express|estimate|given(?:\s+that)?"
        + @"|(?:consider|need)\s+all|(?!(?:nothing|anything|something|everything|during|according|leaving|giving|making|totall?ing|getting"
        + @"|yielding|obtaining|remaining|resulting|spring|evening|morning)\b)\p{L}{2,}ing)\b", Options)]
    private static partial Regex Task();

    // what is found: "to get 5", ", which is 2", ": 5", "= 5" of a computation
    [GeneratedRegex(
        @"[,:;]|\b(?:is|are|was|were|gives?|yields?|makes?|leaves?|leads?\s+to|results?\s+in|shows?|costs?|we|i)\b.*$|\b(?:gets?|obtain\w*"
        + @"|gives?|giving|yields?|yielding|which|is|are|as|equals?|have)\s+[$\\(*a-z=\s]{0,12}$|^[\s\d+*/×·÷().^=-]*=\s*$", Options)]
    private static partial Regex Result();

    // 12, and when n is odd it is 15; 100 if …, else 99; 42, though it might be 43
    [GeneratedRegex(
        @"^[^.\\]{0,40}?\b(?:or|but|though|although|however|yet|unless|until)\b(?!\s+(?:not|no|never|equivalently|in\s+other\s+words"
        + @"|simply|in|as|about|\w*\s?[$\\(]*[-\d.]+)\b)"
        + @"|\b(?:when|if|for)\b[^.]*(?:\b(?:and|or|but|while)\b|[,;])[^.]*\b(?:when|if|for|otherwise)\b"
        + @"|;\s*(?:when|if|for)\s+[a-z]\s*(?:is\b|[=<>≠])"
        + @"|\b(?:otherwise|else)\b[^.]*\d|\b(?:and|while|whereas)\s+(?:when|if|for|in\s+case)\b[^.]*\d|\b(?:assuming|supposing|provided"
        + @"|unless|in\s+case)\b"
        + @"|(?<!\p{L})(?:aber|mais|pero|però|ma|mas|maar|но|ale)(?!\p{L})(?!\s+(?:nicht|pas|no|non|não|niet|не|nie)\s+[-\d])"
        + @"|\b(?:though|although|but|however|yet|aber|mais|pero|ma|mas|maar|но)\b[^.]*(?:\b(?:" + Negations.Possible
        + @"|wrong|false|falsch|faux|falso|errado|sbagliat\w|fout|incorrect\w*|mistake\w*|doubt)\b)|但[^。]*(?:错|不对)|\((?:that|this|which"
        + @"|it)\s+(?:was|is)\s+(?:wrong|incorrect|false|not)\b", Options)]
    private static partial Regex Undoing();

    [GeneratedRegex(
        @"^[\s.,!?""”'’»)$*]*(?:,|[""”»])\s*(?:\p{L}+\s+){0,2}?(?:says?|said|claims?|claimed|thinks?|thought|believes?|according\s+to"
        + @"|wrote|argued|insists?|replied|answered)\b(?<!\b(?:i|we)\s+\w+)", Options)]
    private static partial Regex Said();

    [GeneratedRegex(@"\b(?:(?:the|my|our)\s+)?(?:(?:final|correct|right)\s+)?answer\s+is\s+[$\\(*]*$", Options)]
    private static partial Regex Announcement();

    // What may stand before "the answer is" in its clause: nothing but what joins it to what was said, or one's own voice.
    [GeneratedRegex(
        @"^[^\p{L}]*(?>(?>(?:so|and|then|thus|hence|therefore|finally|now|here|again|overall|ultimately|consequently|accordingly|clearly"
        + @"|obviously|evidently|indeed|in|conclusion|summary|short|total|fact"
        + @"|the|this|that|these|our|my|a|its|final|correct|right|exact|only|numerical|simplified|desired|required|requested|overall"
        + @"|complete|full|actual|true|best|approximate|rounded|unique|overall|answer|result|solution"
        + @"|i|we|you|one|it|which|what|follows?|means?|gives?|shows?|implies|tells|us|me|conclude[sd]?|find|found|get|got|have"
        + @"|obtain(?:ed)?|see|know|deduce[sd]?|infer|say|think|believe|am|are|is|be|was|can|may|must"
        + @"|sure|certain|confident|convinced|clear|easy|to|of|for|as|by|from|above|below|steps?|using|putting|all|together|everything"
        + @"|both|question|problem|part|equation|formula|because|since|where|when|with|at|on|if"
        + @"|would|['’]?d|['’]?m|['’]?s|also|mathematical\w*|fairly|very|quite|pretty|absolutely|doubt|there|no|without|any|not|whether|or"
        + @"|either|way|case|each|every|e|namely|other|words|put|simply|altogether|lastly"
        + @"|also|somit|daher|folglich|deshalb|die|das|der|donc|ainsi|alors|finalement|la|le|l['’]|por|lo|tanto|el|así|que|luego|quindi"
        + @"|dunque|pertanto|perciò|portanto|logo|então|a|o|dus|daarom|het|de|и|итак|значит|следовательно|таким|образом|поэтому|что"
        + @"|\w+ly)(?!\p{L})[^\p{L}]*|[\p{L}-[\x00-\u02FF\u0400-\u04FF]]+[^\p{L}]*)*)$", Options)]
    private static partial Regex Voice();

    // Once we know that y = 23, we can go on: the main clause says something else
    [GeneratedRegex(
        @"^\s*(?:once|when|whenever|if|as|after|before|until|while|although|though|because|since"
        + @"|unless)\s[^,]*#[^,.]*,\s*\p{L}{2}[^\d]*$", Options)]
    private static partial Regex Subordinate();

    [GeneratedRegex(@",?\s+(?:and|while|whereas|but)\s+|[,;]\s+|\s+(?=\(?(?:[b-h]|ii|[2-9])\)\s)", Options)]
    private static partial Regex Joint();

    [GeneratedRegex(
        @"\b(?:so|thus|hence|therefore|total|sum|altogether|together|answer|final|finally|result|left|remain\w*|overall|step|in\s+all"
        + @"|difference|combined)\b|=", Options)]
    private static partial Regex Conclusion();

    [GeneratedRegex(@"[\d.,]*\d|\p{L}+")]
    private static partial Regex Token();
}
