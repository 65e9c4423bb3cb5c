using System.Buffers;
using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// What a sentence does with a value that it does not state: it is wished for or avoided, holds under a condition, is given, is somebody
/// else's, is denied or asked. Each frame is opened by a word of a closed class and reaches to the next turn ("so", "but", a semicolon);
/// wishes end at a comma or a finite verb before that.
/// </summary>
internal static partial class Frames
{
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    // Up to the number, with no turn to what follows from it.
    private const string Scope =
        @"(?:(?!\b(?:so|hence|thus|therefore|consequently|but|however|actually|then|which|giving|leaving|also|somit|donc|así|quindi"
        + @"|portanto"
        + @"|dus)\b|[;:\n]).)*$";

    // The object of a verb: no other clause between.
    private const string Clause =
        @"(?:(?!(?<!\bto\s+)\b(?:is|are|was|were|equals?|gives?|has|have|had|gets?|got|needs?|finds?|found|so|hence|thus|therefore|but"
        + @"|then|and|which|because|since)\b|[,;:=\n]).)*$";

    private const string Works = @"(?:goal|target|aim|objective|wish|ambition|dream|intention|quota|desire)";

    // What others have written or say. A calculator and a key say what others put in; persons who answer have names in Commitments.
    private const string Source =
        @"(?:manual|(?:answer|marking?)\s+(?:key|scheme|sheet)|key|(?:text)?book|forum|website|web\s?page|wolfram(?:\s*alpha)?"
        + @"|wikipedia|google"
        + @"|chat\s?gpt|gpt[\w.-]*|claude|gemini|copilot|oracle|calculator|computer|software|hint|article|newspaper|experts?|critics"
        + @"|rumou?rs?|legend|tradition|opinion|folklore|somebody|someone|user|grandmas?|grandpas?|"
        + @"(?:official|sample|model|printed|published)\s+(?:solution|answer))";

    private const string Telling =
        @"(?:ha(?:s|ve|d)|g[ai]ves?|returns?|returned|shows?|showed|lists?|listed|suggests?|suggested|post(?:s|ed)?|answers?|answered"
        + @"|outputs?"
        + @"|says?|said|puts?|yields?|computes?|got|reports?|claims?|claimed|states?|stated|displays?|prints?|mentions?|mentioned"
        + @"|obtain(?:s|ed)"
        + @"|told|tells|wrote|writes)";

    // A part of a word that opens each frame: a search for it is cheaper than the pattern, and most sentences have none.
    private static readonly SearchValues<string> WishCues = Cues.Of("want", "wish", "hop", "aim", "intend", "plan", "try", "tries", "tried",
        "seek", "strive", "dream", "desire", "prefer", "avoid", "would", "'d", "’d", "steer", "keep", "order", "goal", "target",
        "objective", "ambition", "intention", "quota");

    private static readonly SearchValues<string> HypothesisCues = Cues.Of("unless", "provid", "long", "case", "event", "assum", "condition",
        "hypothes", "sake", "only", "otherwise", "whenever", "imagine", "suppose", "let", "guess", "say");

    private static readonly SearchValues<string> GivenCues = Cues.Of("know", "given", "told", "recall", "remember", "stated", "assum",
        "problem", "question", "exercise", "text", "statement", "puzzle", "story", "task", "premise", "passage", "mind", "hypothesis",
        "mentioned",
        "noted", "said", "initially", "originally", "begin", "start", "first", "outset");

    private static readonly SearchValues<string> ClaimCues = Cues.Of("told", "taught", "tells", "teaches", "put", "manual", "key", "scheme",
        "sheet", "book", "forum", "web", "wolfram", "wikipedia", "google", "gpt", "claude", "gemini", "copilot", "oracle", "calculator",
        "computer", "software", "hint", "article", "newspaper", "expert", "critic", "rumo", "legend", "tradition", "opinion", "folklore",
        "some", "user", "grand", "solution", "answer", "obtained", "computed", "calculated", "derived", "arrived", "concluded", "showed",
        "proved");

    private static readonly SearchValues<string> DoubtCues = Cues.Of("refus", "declin", "fail", "anything", "wonder", "whether", "unclear",
        "unsure", "unknown", "open", "ask", "sure", "clear", "know", "candidate", "guess", "possib", "option", "contender");

    private static readonly SearchValues<string> ExceptionCues = Cues.Of("than", "but", "except", "besides", "apart", "save");

    /// <summary>Whether a frame takes the value behind this part of a sentence.</summary>
    /// <param name="before">The sentence up to the value.</param>
    /// <param name="after">Its rest.</param>
    public static bool Take(string before, string after)
    {
        return Cues.AreIn(before, WishCues) && Wish().IsMatch(before)
            || Cues.AreIn(before, HypothesisCues) && Hypothesis().IsMatch(before) || IsOpenCondition(before)
            || Cues.AreIn(before, GivenCues) && Given().IsMatch(before) && !Derived().IsMatch(before) || Quote(before)
            || Cues.AreIn(before, ClaimCues) && (Told().IsMatch(before)
                || (Attribution().IsMatch(before) || Named().IsMatch(before)) && !Counted().IsMatch(after))
            || Cues.AreIn(before, DoubtCues) && (Refusal().IsMatch(before) && !Except(before, after) || Asked().IsMatch(before))
            || Foreign().IsMatch(before);
    }

    /// <summary>Whether the rest of its sentence takes a value back: "is what we want to avoid".</summary>
    /// <param name="after">What follows the value.</param>
    public static bool TakeBehind(string after) => TakenAfter().IsMatch(after);

    /// <summary>Whether a denial has an exception, and the value is it: "no value other than 8".</summary>
    /// <param name="before">The sentence up to the value.</param>
    /// <param name="after">Its rest.</param>
    public static bool Except(string before, string after) =>
        Cues.AreIn(before, ExceptionCues) && Exceptive().IsMatch(before) && !Excluded().IsMatch(after);

    // "If it rains, 6 people come": what follows from a condition without any quantity or name is not known to hold.
    private static bool IsOpenCondition(string before)
    {
        if (!before.Contains("if", StringComparison.OrdinalIgnoreCase)) return false;
        if (Condition().Match(before) is not { Success: true } match) return false;
        var rest = before[(match.Index + match.Length)..];
        var end = ConditionEnd().Match(rest);
        if (!end.Success) return !Conclusion().IsMatch(rest);
        var condition = rest[..end.Index];
        return !Quantity().IsMatch(condition) && !Procedure().IsMatch(condition);
    }

    /// <summary>Whether a place is inside of the quotation marks of a sentence that has something to say about them.</summary>
    /// <param name="before">The sentence up to the place.</param>
    public static bool Quote(string before)
    {
        var (open, at) = (0, -1);
        for (var i = 0; i < before.Length; i++)
        {
            if (before[i] is '“' or '„' or '«' || before[i] == '"' && open == 0) (open, at) = (open + 1, i);
            else if (before[i] is '”' or '»' or '"') open = Math.Max(0, open - 1);
        }
        return open > 0 && before.AsSpan(0, at).TrimEnd() is [.., ':' or ','] && before.AsSpan(at).ContainsAnyInRange('a', 'z');
    }

    // wants 15, would like to have 15, plans to plant 12, the target is 22, in order to get 45
    [GeneratedRegex(
        @"(?:\b(?:wants?|wanted|intend(?:s|ed|ing)?|avoid(?:s|ed|ing)?|desires?|prefers?|seeks?|strives?|steer\w*\s+clear|keep\w*\s+away"
        + @"|in\s+order\s+to)\b|\b(?:would|['’]d)\s+(?:\w+\s+)?(?:like|love|prefer|rather|be\s+(?:nice|good|great|lovely))\b"
        + @"|\b(?:wish(?:es|ed|ing)?|hop(?:e|es|ed|ing)|aim(?:s|ed|ing)?|plan(?:s|ned|ning)?|tr(?:y|ies|ied|ying)|dream(?:s|ed|t|ing)?)"
        + @"\s+(?:\w+\s+){0,2}?(?:to|for|at|of|that)\b)" + Clause
        + @"|\b" + Works + @"\s+(?:(?!is\b|was\b)\w+\s+){0,3}?(?:is|was|of|be)\b(?:(?![,;:=\n]|\band\b|\bso\b|\bthen\b).)*$", Options)]
    private static partial Regex Wish();

    [GeneratedRegex(
        @"\b(?:unless(?!\s+(?:i|we)\b)|provided|providing|(?:as|so)\s+long\s+as|in\s+case|in\s+the\s+event|(?:on"
        + @"|under)\s+(?:the\s+)?(?:assumption|condition"
        + @"|hypothesis)|for\s+the\s+sake\s+of|only\s+(?:if|when)|if\s+only|otherwise|whenever|imagine|suppose|assume|let(?:['’]s"
        + @"|\s+us)\s+(?:say"
        + @"|assume|suppose|imagine)|had\s+to\s+guess)\b" + Scope + @"|^\W*say\s+(?:there|that|it|we)\b" + Scope
        + @"|^\W*let\s+the\s+(?:answer|result|solution)\s+be\b[^,;]*$", Options)]
    private static partial Regex Hypothesis();

    [GeneratedRegex(@"(?:^\W*|[,;]\s*|\b(?:and|so|but|even|that)\s+)if\s+", Options)]
    private static partial Regex Condition();

    [GeneratedRegex(@",|\bthen\b", Options)]
    private static partial Regex ConditionEnd();

    // Data of the problem: a number, a name of one letter, a formula.
    [GeneratedRegex(
        @"[\d=<>$\\½¼¾]|(?<![\p{L}'’])(?!a\b|i\b)\p{L}(?![\p{L}'’])|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
        + @"|dozen|half"
        + @"|twice|double|triple|third|quarter|each)\b|\b(?:this|that|the\s+same)\s+(?:pace|rate|speed|price|way|pattern"
        + @"|trend)\b", Options)]
    private static partial Regex Quantity();

    // What the writer does: if we add them up.
    [GeneratedRegex(
        @"^(?:we|you|one|i)\s+(?:now\s+|then\s+|just\s+|simply\s+)?(?:add|subtract|multipl|divid|sum|combin|put|take|plug|substitut|solv"
        + @"|simplif|expand|count|use|apply|look|consider|comput|calculat|work|do|let|set|write|draw|check|square|integrat|differentiat"
        + @"|factor|cancel|rearrang|total|doubl|halv|convert|compare|round|evaluat)\w*\b", Options)]
    private static partial Regex Procedure();

    [GeneratedRegex(@"\b(?:we|i|it\s+is|there\s+(?:is|are)|the\s+(?:\w+\s+)?(?:answer|result|total|sum|number)\s+is)\b|=", Options)]
    private static partial Regex Conclusion();

    // we know that, it is given that, the problem says, recall, by assumption, initially
    [GeneratedRegex(
        @"\b(?:we|you|i)\s+(?:already\s+|all\s+)?(?:know|(?:are|were)\s+(?:given|told)|recall|remember|have\s+been\s+(?:told|given))\b"
        + @"|\bit\s+(?:is|was)\s+(?:given|known|stated|assumed)\b"
        + @"|\b(?:problem|question|exercise|text|statement|puzzle|story|task|premise|passage)\s+(?:\w+\s+)?(?:says?|states?|tells?|gives?"
        + @"|mentions?|said|stated|told|gave|mentioned|specif\w+|assumes?|is\s+that)\b"
        + @"|^\W*(?:(?:please|also|let\s+us)\s+)*(?:recall|remember|keep\s+in\s+mind)\b|\bby\s+(?:assumption|hypothesis)\b"
        + @"|\bas\s+(?:is\s+)?(?:stated|given|mentioned|noted|said|told|we\s+(?:already\s+)?know)\b"
        + @"|^\W*(?:initially|originally|to\s+(?:begin|start)\s+with|at\s+(?:first|the\s+(?:start|beginning|outset))"
        + @"|in\s+the\s+beginning)\b",
        Options)]
    private static partial Regex Given();

    // What a premise is used for: so, which means, the answer.
    [GeneratedRegex(
        @"\b(?:so|thus|hence|therefore|now|then|finally|consequently|from\s+(?:this|that)|which|means?|meaning|implies|leaving|giving|but"
        + @"|however|answer|result|solution)\b|[;:]|\d[\s$)\\]*=", Options)]
    private static partial Regex Derived();

    [GeneratedRegex(
        @"\b(?:told|taught|tells|teaches)\s+(?:me|us|him|her|them|you|everyone)\b" + Scope
        + @"|\bputs?\s+(?:it|the\s+\w+)\s+at\s+[$\\(]*$", Options)]
    private static partial Regex Told();

    // the manual has, Wolfram Alpha returns
    [GeneratedRegex(
        @"\b" + Source + @"\s+(?:(?!i\b|we\b)[\w'’]+\s+){0,3}?" + Telling + @"\b(?!.*\b(?:i|we)\b)" + Scope, Options)]
    private static partial Regex Attribution();

    // Euler obtained 17
    [GeneratedRegex(
        @"\b(?-i:(?!I\b|We\b|It\b|This\b|That\b|Which\b|You\b|The\b)\p{Lu}\p{Ll}+)\s+(?:once\s+|also\s+)?(?:obtained|computed|calculated"
        + @"|derived|arrived\s+at|concluded|showed|proved|answered)\s+[$\\(]*$", Options)]
    private static partial Regex Named();

    // 72 shells: what is counted is no claim
    [GeneratedRegex(
        @"^\s+(?!(?:is|are|was|were|as|and|or|but|because|since|which|so|that|by|for|from|to|if|when|with|in|on|at|of|instead|too|here"
        + @"|there"
        + @"|though|while|after|before|first|earlier)\b)\p{L}{3,}", Options)]
    private static partial Regex Counted();

    [GeneratedRegex(
        @"\b(?:refus\w+|declin\w+|fail(?:s|ed|ing)?)\s+to\b" + Clause
        + @"|\banything\s+(?:but|except|(?:other|else)\s+than)\b" + Clause, Options)]
    private static partial Regex Refusal();

    // I wonder whether, one candidate is
    [GeneratedRegex(
        @"\bwonder\w*\b" + Scope + @"|\b(?:unclear|unsure|unknown|open|ask\w*|sure|clear|(?<!\blet\s+(?:me|us)\s+)know)"
        + @"\s+(?:whether|if)\b" + Scope
        + @"|^\W*whether\b[^,]*$"
        + @"|\b(?:one|another|an?|first|second)\s+(?:\w+\s+)?(?:candidate|guess|possibility|option|contender)\s+(?:is|was"
        + @"|would\s+be)\b" + Scope
        + @"|\b(?:one|another|a)\s+possible\s+\w+\s+(?:is|was|would\s+be)\b" + Scope, Options)]
    private static partial Regex Asked();

    // is what we want to avoid, is our goal, give or take ten
    [GeneratedRegex(
        @"^[\s$\\)*]*(?:\p{L}+\s+)?(?:is|are|was|were)\s+(?:what|the\s+\w+|something)\s+(?:that\s+)?(?:\w+\s+){1,3}?(?:(?:to|must"
        + @"|should)\s+)?"
        + @"(?:avoid|prevent|exclude|hope|hopes|fear|fears|wish|dream)\b"
        + @"|^[\s$\\)*]*(?:\p{L}+\s+)?(?:is|are|was|were)\s+(?:(?:our|my|his|her|their|the)\s+(?:\w+\s+)?" + Works + @""
        + @"|to\s+be\s+avoided)\b"
        + @"|\b(?:give\s+or\s+take|or\s+thereabouts|remains\s+to\s+be\s+seen)\b"
        + @"|^[\s$\\)*]*[,—–-]*\s*(?:as|so)\s+(?:he|she|they|some|people|my\s+\w+|the\s+(?:book|teacher|author|manual"
        + @"|key))\s+(?:\w+\s+)?(?:says?"
        + @"|said|claims?|claimed|think|thinks|thought|has|have|had)\b", Options)]
    private static partial Regex TakenAfter();

    // no value other than, nothing but, cannot be anything but, none other than
    [GeneratedRegex(
        @"\b(?:(?:no|not|none|nothing|nobody|cannot)\b|\p{L}+n['’]t\b)(?:(?!\b(?:and|so|because)\b)[^.,;:\d]){0,60}?\b(?:(?:other|else"
        + @"|different)\s+than"
        + @"|but|except(?:\s+for)?|besides|apart\s+from|save)\s+(?:for\s+)?[$\\(]*(?:[a-z]\s*=\s*)?[$\\(]*$", Options)]
    private static partial Regex Exceptive();

    [GeneratedRegex(
        @"\b(?:fail\w*|wrong|incorrect|excluded|rejected|impossible|false|ruled\s+out|not|never)\b|n['’]t\b", Options)]
    private static partial Regex Excluded();

    // The same frames in other languages: wishes, assumptions, hearsay.
    [GeneratedRegex(
        @"(?<!\p{L})(?:möchten?|wollen|hätten?\s+gern\w*|wünsch\w+|hoff(?:en|t|e)|vermeiden|veut|voulons|voudrai\w*|souhait\w+|espèr\w+"
        + @"|éviter"
        + @"|quieren?|queremos|quisiera|evitar|vuole|vogliamo|vorre\w+|spera|evitare|quer|gostaria|willen|wil|hoopt|vermijden"
        + @"|хочет|хотим|хочу|надеется|избежать|chce|chcemy|unikn\w+)(?!\p{L})[^,;:.]*$"
        + @"|(?<!\p{L})(?:nehmen\s+wir\s+an|angenommen|gesetzt|supposons|admettons|supongamos|supponiamo|suponha(?:mos)?|stel\s+dat"
        + @"|предположим|допустим|załóżmy|s['’]ils?|если\s+бы|gdyby)(?!\p{L})[^;:.]*$"
        + @"|(?<!\p{L})(?:angeblich|podobno|ponoć|paraît-il|al\s+parecer|a\s+quanto\s+pare|naar\s+verluidt|якобы"
        + @"|говорят)(?!\p{L})[^;:.]*$"
        + @"|(?:假设|假定|听说|据说|想要|希望|避免)[^，。,；]*$", Options)]
    private static partial Regex Foreign();
}
