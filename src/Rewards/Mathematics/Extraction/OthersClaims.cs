using System.Buffers;
using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// Whether a sentence tells what somebody else says ("others got 72", "the book says 72"), what an earlier try gave ("at first I got 72"),
/// or takes back at once what it says ("72, which is wrong"). None of these is the answer.
/// </summary>
internal static partial class OthersClaims
{
    private const int MaxContext = 200;
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    // Between the claim and its number, with no turn to one's own.
    private const string Until = @"(?:(?!\b(?:i|we|but|so|however|actually|really|while|whereas|hence|thus"
        + @"|therefore)\b)[^.,;!?\n]){0,60}$";
    private const string UntilOwn = @"(?:(?!\b(?:i|we|but|so|however|hence|thus|therefore)\b)[^.;!?\n]){0,60}$";
    private const string UntilAny = @"[^.;!?\n]{0,60}$";

    // Each friend may get 72; my friend got it for an answer.
    private const string People =
        @"(?:others|(?:some|any)(?:one|body)(?:\s+else)?|(?:some|many|most|other|several|few)(?:\s+(?:others|people|students))?"
        + @"|(?:my|your|one\s+of\s+my|an?|another)\s+(?:\w+\s+)?(?:friends?|classmates?|colleagues?|teammates?)(?:\s+of\s+mine)?"
        + @"|(?:one|two|three|an?|another|some|many|most|several|few|other)\s+(?:other\s+)?(?:students?|persons?|people|sources?"
        + @"|solvers?|users?|websites?)"
        + @"|(?:the\s+)?other\s+(?:solvers?|students?|teams?|groups?|models?|people))";

    private const string Sources =
        @"(?:textbook|book|manual|(?:answer\s+)?key|wolfram\w*|wikipedia|chatgpt|gpt[-\w.]*|claude|gemini|llama|an?\s+ai|the\s+ai"
        + @"|internet"
        + @"|website|forum|(?:other|previous|official|sample|old|original|earlier|his|her|their|your)\s+"
        + @"(?:solutions?|answers?|approach(?:es)?|methods?|results?|calculations?))";

    private const string Finding =
        @"(?:got|gets?|getting|obtain(?:s|ed)?|found|finds?|answer(?:s|ed)?|comput(?:es?|ed)|calculate[sd]?|derive[sd]?|ha[ds]|have"
        + @"|put|arrived?\s+at|c[ao]me\s+(?:up\s+with|to)|end(?:ed)?\s+up\s+with|" + Saying + ")";

    private const string Saying =
        @"(?:g[ai]ve[sn]?|report(?:s|ed)?|shows?|showed|wrote|writes?|list(?:s|ed)?|state[sd]?|says?|said|claim(?:s|ed)?|thinks?|thought"
        + @"|believe[sd]?|suggest(?:s|ed)?|guess(?:es|ed)?|insist(?:s|ed)?|argue[sd]?|concluded?|expect(?:s|ed)?|predict(?:s|ed)?|(?:is"
        + @"|are|was|were)\s+(?:saying|claiming))";

    private const string Often = @"(?:(?:may|might|would|could|will|must|have|had|just|also|only|still|even|usually|often|always"
        + @"|all)\s+)*";

    private const string Conditions = @"(?:the|this|that|any)\s+(?:\w+\s+)?(?:constraint|condition|restriction|requirement|minus"
        + @"|sign)s?\b";

    // A part of each claim, to leave at once where there is none.
    private static readonly SearchValues<string> Sayings = Cues.Of("say", "said", "claim", "insist", "swear", "swore", "argue",
        "believe", "think", "suggest", "calculator", "computer", "program", "naive", "tempting", "easy", "wrong", "mistake", "trap");

    private static readonly SearchValues<string> Tries = Cues.Of("attempt", "try", "guess", "thought", "instinct", "impression",
        "hunch", "earlier", "previous", "original", "initial", "old", "first", "wrongly", "mistakenly");

    private static readonly SearchValues<string> Claimants = Cues.Of("other", "some", "any", "many", "most", "several", "few", "friend",
        "classmate", "colleague", "teammate", "student", "person", "people", "source", "solver", "user", "website", "book", "manual", "key",
        "wolfram", "wikipedia", "gpt", "claude", "gemini", "llama", " ai", "internet", "forum", "solution", "answer", "approach", "method",
        "result", "calculation", "according", "per");

    /// <summary>Whether the number there is such a claim.</summary>
    public static bool IsAt(string text, Range number)
    {
        var (before, after) = (SentenceBefore(text, number.Start.Value), After(text, number.End.Value));
        if (IsTakenBack(after) || Recalled().IsMatch(after) && Mine().IsMatch(before)
            || AsAnswer().IsMatch(after) && Holding().IsMatch(before)) return true;
        return before.Any(char.IsLetter) && (Mistaken().IsMatch(before) || Unreal().IsMatch(before) || Aside().IsMatch(before)
            || Cues.AreIn(before, Sayings) && Said().IsMatch(before) || Cues.AreIn(before, Tries) && Earlier().IsMatch(before)
            || OwnedAnswer().IsMatch(before)
            // "Others found 72 shells": what is counted was found, and not an answer.
            || Cues.AreIn(before, Claimants) && Others().IsMatch(before) && !Counted().IsMatch(after));
    }

    /// <summary>Whether what stands before "the answer is" makes the answer somebody else's.</summary>
    public static bool Announces(ReadOnlySpan<char> before)
    {
        if (before.Length == 0) return false;
        var sentence = SentenceBefore(before.ToString(), before.Length);
        return Others().IsMatch(sentence) || Said().IsMatch(sentence) || Owned().IsMatch(sentence);
    }

    /// <summary>Whether what follows an answer says that it is wrong.</summary>
    public static bool IsTakenBack(ReadOnlySpan<char> after) => Retracted().IsMatch(after);

    private static string SentenceBefore(string text, int end)
    {
        var start = end;
        while (start > 0 && end - start < MaxContext && text[start - 1] is not ('\n' or '。' or ';' or '!' or '?')
            && !(text[start - 1] == '.' && start < text.Length && char.IsWhiteSpace(text[start])
                && !IsAbbreviation(text, start - 1))) start--;
        return text[start..end];
    }

    // e.g., i.e.: a letter alone before the point.
    private static bool IsAbbreviation(string text, int point) => point > 1 && char.IsLetter(text[point - 1]) && text[point - 2] == '.';

    private static string After(string text, int start) => text[start..Math.Min(text.Length, start + MaxContext)];

    [GeneratedRegex(
        @"\b" + People + @"\s+" + Often + Finding + @"\b" + Until
        + @"|\b" + Sources + @"\s+" + Often + Saying + @"\b" + Until
        + @"|\b(?:according\s+to|as\s+per)\s+(?:the\s+|my\s+|our\s+|a\s+)?(?:him|her|them|" + People + ""
        + @"|" + Sources + @")\b" + UntilOwn, Options)]
    private static partial Regex Others();

    // he says, Bob claims, a calculator would show, tempting to answer
    [GeneratedRegex(
        @"\b(?!(?:i|we|this|that|which|it|problem|question|theorem|formula|rule|equation|clock|sign|scale|watch|timer|scoreboard"
        + @"|thermometer|recipe|label|map|receipt|ticket|menu|meter|law|lemma|identity|inequality|test|logic)\b)"
        + @"[a-z]+\s+(?:says|said|claims|claimed|insists|insisted|swears|swore|argues|argued|believes|believed|thinks|suggests"
        + @"|suggested)\b" + Until
        + @"|\bthey\s+(?:say|claim|think|believe|argue|suggest)\b" + Until
        + @"|\b(?:calculator|computer|program|naive\s+\w+)\s+(?:would|might|may|could)\s+\w+\b" + Until
        + @"|\b(?:tempting|easy|wrong|a\s+mistake|a\s+trap)\s+to\s+(?:answer|say|think|conclude|guess|write|get|assume"
        + @"|believe)\b" + Until, Options)]
    private static partial Regex Said();

    // you might get, if we ignore
    [GeneratedRegex(
        @"\b(?:might\s+(?:\w+\s+)?(?:get|obtain|find)|(?:might|may|could)\s+(?:\w+\s+)?(?:say|think|believe|answer|guess))\b" + Until
        + @"|\bif\s+(?:we|you|i|one|they)\s+(?:\w+\s+)?(?:ignore|forget|neglect|omit|overlook|misread|disregard)\w*\b" + UntilAny
        + @"|\bhad\s+(?:we|you|i|one)\b[^.;!?\n]{0,60}\bwould\b" + UntilAny
        + @"|\b(?:ignoring|neglecting|forgetting|omitting|disregarding|dropping|without)\s+" + Conditions + UntilAny
        + @"|(?:有人|有的人|别人|他人|其他人|大家|同学|朋友|老师|书上|网上)(?:都)?(?:说|认为|觉得|得到|得出|算出|猜)[^。，；\n]{0,10}$|(?:他|她|他们)(?:说|认为|觉得)[^。，；\n]{0,10}$"
        + @"|\b(?:angenommen|supposons|supongamos|supponiamo)\b" + UntilAny, Options)]
    private static partial Regex Unreal();

    // the book has 72 as the answer
    [GeneratedRegex(@"\b" + Sources + @"\s+(?:has|have|had|uses|puts)\s+[$\\(]*$", Options)]
    private static partial Regex Holding();

    [GeneratedRegex(@"^[$\\)\s]*(?:as|for)\s+(?:the|its|an?)\s+(?:\w+\s+)?(?:answer|result|solution)\b", Options)]
    private static partial Regex AsAnswer();

    // for example, 5; we reject x = 5
    [GeneratedRegex(
        @"(?:\blet(?:['’]s|\s+us)\s+(?:say|take|try|assume|guess|use|pick)|\bfor\s+(?:example|instance)\s*,|\be\.g\.,?)\s*[$\\(]*$"
        + @"|\b(?:reject|discard|exclude|eliminate|rule\s+out|ruled\s+out|dismiss|throw\s+(?:out|away))(?:s|d|ed"
        + @"|ing)?\s+(?:the\s+)?(?:\w+\s+){0,2}"
        + @"[$\\(]*(?:[a-z]\w?\s*=\s*)?[$\\(]*$", Options)]
    private static partial Regex Aside();

    // my first attempt gave, earlier I got, at first glance
    [GeneratedRegex(
        @"\b(?:first|initial|earlier|previous|original|old|naive|quick|rough|wrong)\s+(?:attempt|try|guess|thought|instinct|impression"
        + @"|hunch)\b" + Until
        + @"|\b(?:earlier|previous|original|initial|old)\s+(?:answer|result|solution|calculation|computation|estimate"
        + @"|approach)\s+(?:was|gave|had|said|yielded)\b"
        + Until
        + @"|\b(?:earlier|initially|originally|previously|at\s+first)\s*,?\s+(?:i|we)\s+(?:\w+\s+)?(?:got|found|obtained|computed"
        + @"|calculated|thought|said|wrote|answered|guessed)\b"
        + Until
        + @"|\b(?:i|we)\s+(?:(?:initially|originally|previously|earlier|at\s+first)\s+(?:got|found|obtained|computed|calculated|thought"
        + @"|said|wrote|answered|guessed)"
        + @"|first\s+thought|wrongly|mistakenly)\b" + Until
        + @"|\bat\s+first\s+(?:glance|sight)\b" + Until, Options)]
    private static partial Regex Earlier();

    // 72 at first, 72 earlier
    [GeneratedRegex(
        @"\b(?:i|we)\s+(?:had\s+)?(?:got|had|found|thought|said|guessed|wrote|answered|obtained|computed|calculated)\b" + Until, Options)]
    private static partial Regex Mine();

    [GeneratedRegex(
        @"^[\s$*).,]*(?:(?:earlier|at\s+first|initially|originally)\s*(?:[.,;]|$)|before\s+(?:correct|fix|check|realiz|notic))", Options)]
    private static partial Regex Recalled();

    [GeneratedRegex(
        @"\b(?:by\s+mistake|mistakenly|wrongly|incorrectly|erroneously|falsely|naively|in\s+error|allegedly|reportedly|supposedly"
        + @"|purportedly|told\s+(?:me|us)"
        + @"|(?:i|we)\s+(?:was|were)\s+told|word\s+has\s+it|rumou?r|is\s+said\s+to|before\s+(?:the\s+)?(?:correction|correcting|fixing"
        + @"|fix))\b", Options)]
    private static partial Regex Mistaken();

    // my friend's answer is
    [GeneratedRegex(
        @"\b(?:(?:friend|classmate|colleague|someone|somebody|book|textbook|else)['’]s?|their|everybody['’]s"
        + @"|others['’])\s+(?:\w+\s+)?$", Options)]
    private static partial Regex Owned();

    [GeneratedRegex(
        @"\b(?:(?:friend|classmate|colleague|someone|somebody|book|textbook|else)['’]s?|their|others['’])\s+(?:\w+\s+)?(?:answer|result"
        + @"|solution)\s*"
        + @"(?:is|was|:)\s*[$\\(*]*$", Options)]
    private static partial Regex OwnedAnswer();

    // 72, which is wrong; 72 but I disagree; 72 by mistake
    [GeneratedRegex(
        @"^(?:[^.!?\n\d]{0,60}?[\s,(])?(?:but|which|though|although|however|yet)\b[^.!?\n\d]{0,60}?\b(?:wrong|incorrect|false|mistaken"
        + @"|impossible"
        + @"|(?:a|the|my|his|her|their)\s+mistake|(?:i|we)\s+doubt|disagree|absurd|nonsense|(?:that|it)(?:['’]s|\s+is)\s+off|(?:it|that"
        + @"|this)\s+(?:isn['’]t|wasn['’]t|is\s+not|doesn['’]t)"
        + @"|(?:not|isn['’]t|can['’]t\s+be|cannot\s+be|wasn['’]t)\s+(?:right|correct|true|so|it|the\s+(?:right\s+|correct\s+)?answer"
        + @"|possible)"
        + @"|too\s+(?:big|small|large|high|low|many|few|much))\b(?!\s+(?:to|otherwise))"
        + @"|^\s*,?\s*(?:perhaps|maybe|possibly)\b|^\s+or\s+not\b|^[\s,–—-]*(?:i\s+guess\s+not|just\s+kidding)\b"
        + @"|^[^.!?\n\d]{0,10}\bonly\s+(?:if|when)\b|^[^.!?\n]{0,60}\b(?:otherwise|else)\s+(?:it\s+is\s+)?[$\\(]*\d"
        + @"|^\s*if\s+(?:we|you|i|one|they)\s+(?:\w+\s+)?(?:ignore|forget|neglect|omit|overlook|misread|disregard)\w*\b"
        + @"|^\s*if\s+\S+\s+were\b|^[^.!?\n]{0,20}?\bwithout\s+" + Conditions
        + @"|^[^.!?\n]{0,40}\b(?:by\s+mistake|mistakenly|in\s+error|erroneously|incorrectly)\b", Options)]
    private static partial Regex Retracted();

    [GeneratedRegex(
        @"^\s+(?!(?:is|are|was|were|as|and|or|but|because|since|which|so|that|by|for|from|to|if|when|with|in|on|at|of|instead|too|also"
        + @"|here|there|though|although|while|after|before|using|via|first|earlier|initially)\b)[a-z]{3,}", Options)]
    private static partial Regex Counted();
}
