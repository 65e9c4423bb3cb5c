using System.Buffers;
using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <content>Claims of somebody else, or of before.</content>
internal static partial class Commitments
{
    // Words of saying and thinking, which have a claim for their object.
    private const string Saying =
        @"(?:says?|said|tells?|told|claims?|claimed|thinks?|thought|believes?|believed|suggests?|suggested|asserts?|asserted|argues?"
        + @"|argued|insists?|insisted|reckons?"
        + @"|reckoned|maintains?|maintained|alleges?|alleged|concludes?|concluded|swears?|swore|replie[sd]|reply|assumes?|assumed"
        + @"|guess(?:es|ed)?|supposes?|supposed|proposes?|proposed|hopes?|hoped)";

    // Those that may also have something counted.
    private const string Naming = @"(?:answers?|answered|reports?|reported|writes?|wrote|estimates?|estimated|expects?|expected|states?"
        + @"|stated|announces?|announced|predicts?|predicted|computes?|computed|gets?|got|found|gave|ha[sd]|calculated|picks?|picked"
        + @"|chose"
        + @"|chooses?|puts?)";

    // Who may say it without its being another's claim.
    private const string Own =
        @"(?:i|we|this|that|which|it|theorem|formula|rule|law|lemma|identity|equation|inequality|principle|definition|clock|sign|scale"
        + @"|watch|timer|scoreboard|thermometer|recipe|label|map|receipt|ticket|menu|meter|logic|you|he|she|they|who|let['’]s|d|ll|ve|m"
        + @"|am"
        + @"|are)";

    // Those who answer too: what they have is theirs.
    private const string Others = @"(?:teacher|professor|tutor|instructor|solver|grader|examiner|author|student|classmate|roommate"
        + @"|colleague|friend|neighbou?r|sibling|brother|sister|program|script|software|app|website|chatbot|assistant|computer)";

    private const string Works = @"(?:answer|guess|solution|claim|result|reply|response|estimate|conjecture|suggestion|attempt"
        + @"|calculation)";

    // Between a claim and its number: no turn to what is one's own.
    private const string Until = @"(?:(?!\b(?:i|we|but|so|however|actually|really|while|whereas|hence|thus|therefore"
        + @"|mine)\b)[^.;!?\n]){0,80}$";

    // A part of each claim of somebody else: most sentences have none of them.
    private static readonly SearchValues<string> Claimants = Cues.Of(
        "say", "said", "saying", "tell", "told", "claim", "think", "thought", "believ", "suggest", "assert", "argu", "insist", "reckon",
            "maintain", "alleg", "conclud", "swear", "swore", "repl", "assum", "guess", "suppos", "propos", "hop", "report", "rumo",
            "accepted", "some", "any", "every", "others", "many", "most", "few", "other", "gpt", "wikipedia", "google", "internet",
            "answer", "solution", "result", "response", "estimate", "conjectur", "attempt", "calculation",
            "convinced", "certain", "sure", "persuaded", "adamant", "confident", "afraid", "fear", "suspect", "postulat", "hypothesi",
            "insinuat", "boast", "declar", "remember", "heard", "pretend", "wish", "that", "belief",
            "consensus", "version", "draft", "myth",
            "expectation", "prediction", "misconception", "hunch", "used", "meant", "reputed", "considered", "held",
            "zuerst", "zunächst", "anfangs", "début", "abord", "principio", "primero", "inizio", "início", "eerst", "сначала",
            "一开始", "起初", "最初", "原本", "本来", "according", "selon", "après", "laut", "según", "secondo", "segundo", "volgens",
            "словам", "мнению", "book", "key", "web", "forum", "manual", "video", "lecture", "thread", "说", "說", "认为",
            "觉得", "以为", "猜", "dice", "dijo", "dijeron", "piensa", "cree", "dit", "disent", "pense", "croit", "sagt", "sagen",
            "meint", "behauptet", "glaubt", "denkt", "dicono", "crede", "pensa", "diz", "disse", "acha", "zegt", "zei", "говорит",
            "сказал", "утверждает", "считает", "думает", "teacher", "professor", "tutor", "instructor", "solver", "grader", "examiner",
            "author", "student", "classmate", "roommate", "colleague", "friend", "neighbo", "sibling", "brother", "sister", "program",
            "script", "software", "app", "chatbot", "assistant", "computer");

    // Whether the sentence has a claim of somebody else, or of before.
    private static bool IsOthers(string text, int start, string before) => Cues.AreIn(before, Claimants)
        && (Matrix().IsMatch(before) || Past().IsMatch(before) || Claim().IsMatch(before) || Possession().IsMatch(before)
            || Source().IsMatch(before)
            || Answering().IsMatch(before) && !Counted().IsMatch(text[start..Math.Min(text.Length, start + MaxNumber)]));

    // was supposed to be, is believed to be, used to be, at first I thought
    [GeneratedRegex(
        @"\b(?:supposed|used|meant|believed|thought|said|claimed|alleged|rumou?red|reputed|assumed|considered|held)\s+to\b"
        + @"|\b(?!.*(?<!\p{L})(?:aber|jedoch|doch|mais|pero|ma|mas|maar|но)(?!\p{L}))(?:zuerst|zunächst|anfangs|au\s+début|d['’]abord"
        + @"|al\s+principio|primero|all['’]inizio|no\s+início|eerst|сначала)\s+(?:\S+\s+){0,2}?(?:dacht\w*|glaub\w*|mein\w*|hatt\w*"
        + @"|j['’]ai|je|pens\w*|cre\w*|obtuv\w*|credev\w*|думал\w*)"
        + @"|(?:一开始|起初|最初|原本|本来)[^。，]{0,6}(?:以为|认为|觉得|得到)", Options)]
    private static partial Regex Past();

    [GeneratedRegex(
        @"\b(?!" + Own + @"\b)[\p{L}]+(?:\s+(?:also|still|once|always|has|had|have|would|might|will|often|usually|even|just|really|simply"
        + @"|\w+ly))*\s+" + Saying + @"\b" + Until
        + @"|\b(?:you|he|she|they|who|people)\s+(?:\w+ly\s+)?" + Saying + @"\b" + Until
        + @"|(?<!\p{L})(?:dicen?|dijo|dijeron|piensa|cree|dit|disent|pense|croit|sagt|sagte|sagen|meint|meinte|behauptet|glaubt|denkt"
        + @"|dicono|crede|pensa|diz|disse|acha|zegt|zei"
        + @"|говорит|сказала?|утверждает|считает|думает)(?!\p{L})" + Until
        + @"|\b(?:telling|saying|claiming|insisting|suggesting)\b" + Until
        + @"|\b(?:is|was|are|were)\s+(?:\w+ly\s+)?(?:believed|thought|said|claimed|held|assumed|reported|rumou?red|accepted"
        + @"|told)\b" + Until
        + @"|\b(?:(?:some|any|every)(?:one|body)|others|(?:some|many|most|few|other)\s+\w+|chat\s?gpt|wikipedia|google"
        + @"|the\s+internet)\s+(?:[^.,;!?\n]{0,40}\s)?" + Naming + @"\s+[$\\(]*$", Options)]
    private static partial Regex Claim();

    [GeneratedRegex(
        @"\b(?:(?!(?:problem|question|exercise|puzzle|equation|today|it|that|let|here|there|what)['’])\p{L}+['’]s|(?:students|others"
        + @"|people|friends)['’]|his|her|their|your|previous|earlier|initial|original|old|prior|former|first)\s+(?:\p{L}+\s+){0,2}"
        + Works + @"s?\b" + Until, Options)]
    private static partial Regex Possession();

    // the teacher marked 47 as correct, but not: the teacher handed out 47 pencils
    [GeneratedRegex(@"\b" + Others + @"s?\s+(?:\p{L}+\s+){1,3}[$\\(]*$", Options)]
    private static partial Regex Answering();

    [GeneratedRegex(@"^[-−$\\(*]*[\d.,/]*\d\s+(?!(?:as|is|for|and|or|but|so|which|because|since|while|instead|too|when"
        + @"|if)\b)\p{L}{3,}", Options)]
    private static partial Regex Counted();

    // according to the hint, laut Buch
    [GeneratedRegex(
        @"(?<!\p{L})(?:according\s+to|selon|d['’]après|laut|según|secondo|segundo|volgens|по\s+словам|по\s+мнению|(?:in|from"
        + @"|on)\s+(?:the\s+)?(?:back\s+of\s+)?(?:the|my|our|this|some|an?)\s+(?:\w+\s+)?(?:textbook|book|key|internet|web|forum|website"
        + @"|manual|video|lecture|thread)\b)\s+(?!(?:me|my|our|the\s+(?:formula|rule|law|theorem|above|definition))\b)"
        + Until + "|(?:说|說|认为|觉得|以为|猜)[^，。,]{0,6}$", Options)]
    private static partial Regex Source();

    // The sentence that has a claim for its object is another's: Euler conjectured that, prove that, it is reported that, he is convinced
    [GeneratedRegex(
        @"\b(?<!\b(?:i|we)(?:['’]\w+)?\s+(?:\w+\s+){0,3})(?:conjectur\w*|convinced|certain|sure|persuaded|adamant|confident|afraid"
        + @"|hop(?:es?|ing|ed)|fear\w*|suspect\w*|report\w*|postulat\w*|hypothesi\w*|insinuat\w*|boast\w*|declar\w*|remember\w*|heard"
        + @"|pretend\w*|wish\w*)\s+(?:that\b)?" + Until
        + @"|\b(?:true|false|possible|impossible|likely|conceivable|plausible|reported|rumou?red|unclear|recall|remember|prove|show"
        + @"|assume"
        + @"|suppose|imagine|verify|check|pretend|consider|whether)\s+that\b(?<!\b(?:is|it['’]s)\s+(?:true|clear)\s+that)(?<!\b(?:i|we|to"
        + @"|can|will|this|which)\s+(?:show|prove|verify|check)\s+that)" + Until
        + @"|\b(?:consensus|version|draft|assumption|hypothesis|rumou?r|myth|expectation|prediction|belief|misconception"
        + @"|hunch)\s+(?:[^.,;]{0,30}\s)?(?:was|is|had|has)\s+[$\\(]*$", Options)]
    private static partial Regex Matrix();
}
