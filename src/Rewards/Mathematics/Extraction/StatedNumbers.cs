using System.Text.RegularExpressions;
using R1Cloud.Rewards.Mathematics.Parsing;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// Whether an English sentence states a number: it begins with it, or a verb has it for its object. A number that a preposition, a noun or
/// a determiner takes ("in 4 steps", "order 11", "all 4 sides"), that stands in a condition, or of which the sentence says something else
/// ("72 is even", "72 or more", "72? no") is a part of another claim.
/// </summary>
internal static partial class StatedNumbers
{
    private const int MaxContext = 120, MaxAdverbs = 4, MaxEvidence = 400;
    private const RegexOptions Before = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.RightToLeft;
    private const RegexOptions After = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>Whether the number there belongs to another claim.</summary>
    public static bool IsElsewhere(string text, Range number)
    {
        // A point, an interval, a time of day: the notation tells what it is.
        if (text.AsSpan()[number].ContainsAny('(', '[', ':')) return false;
        var start = number.Start.Value;
        var (clause, after) = (ClauseBefore(text, start), SentenceAfter(text, number.End.Value));
        if (after.Length > 0 && (Denied().IsMatch(after) || Bounded().IsMatch(after) || Described().IsMatch(after))) return true;
        if (Commitments.IsException(text, start, number.End.Value)) return false;
        if (OthersClaims.IsAt(text, number) || ForeignClaims.Takes(clause, after)) return true;
        if (Place().IsMatch(text[Math.Max(0, start - MaxContext)..start])) return true;
        clause = ListBefore().Replace(clause, "");
        return Condition().IsMatch(clause) || Size().IsMatch(clause)
            || IsTaken(text, clause, after, isShare: text.AsSpan()[number].EndsWith("%") || Share().IsMatch(after));
    }

    /// <summary>Whether what follows a number says that it is none: ", no".</summary>
    public static bool IsDenied(ReadOnlySpan<char> after) => Denied().IsMatch(after);

    /// <summary>Whether the number is another answer that the sentence leaves open: "2, but it could be 3".</summary>
    public static bool IsOpen(string text, Range number) => Open().IsMatch(ClauseBefore(text, number.Start.Value));

    // Whether the word before the number, but for adverbs, takes it.
    private static bool IsTaken(string text, string clause, string after, bool isShare)
    {
        var rest = clause;
        for (var i = 0; i < MaxAdverbs; i++)
        {
            rest = rest.TrimEnd(' ', '$', '*', '€', '£', '"', '~', '[', '(');
            if (rest.EndsWith("\\(", StringComparison.Ordinal)) rest = rest[..^2].TrimEnd();
            var start = rest.Length;
            while (start > 0 && (char.IsAsciiLetter(rest[start - 1]) || rest[start - 1] is '\'' or '’')) start--;
            // A sign, a bracket or another script stands before, or a name of one letter.
            if (start == rest.Length || start > 0 && !char.IsWhiteSpace(rest[start - 1]) && rest[start - 1] is not '(') return false;
            var word = rest[start..].Replace('’', '\'');
            if (Negations.Turns(word)) return false;
            if (word.Length == 1 && word is not ("a" or "A") || ForeignClaims.States(word, rest[..start])) return false;
            if (ClaimWords.Prepositions.Contains(word)) return !Reached().IsMatch(rest) && !Measured().IsMatch(rest)
                && (clause.AsSpan().ContainsAnyInRange('0', '9') || !IsAmount(rest, word, clause, after));
            if (word is "a" or "an" or "A" or "An") return !isShare;
            if (rest.AsSpan(0, start).IsWhiteSpace() && word is "Take" or "Pick" or "Use" or "Choose" or "Let") return true; // told to do
            if (ClaimWords.Selectors.Contains(word) || ClaimWords.Considerations.Contains(word)
                || word is "the" or "The" && PartOf().IsMatch(after) || word is "be" && Possible().IsMatch(rest)) return true;
            if (!ClaimWords.Adverbs.Contains(word) && !(word.Length > 4 && word.EndsWith("ly", StringComparison.OrdinalIgnoreCase)))
                return !IsVerb(word, rest[..start].TrimEnd(), after) && (rest.AsSpan(0, start).IsWhiteSpace() || IsEnglish(text));
            rest = rest[..start];
        }
        return false;
    }

    // Other languages have verbs that are not known here.
    private static bool IsEnglish(string text) => English().IsMatch(text.Length > MaxEvidence ? text[^MaxEvidence..] : text);

    private static bool IsVerb(string word, string before, string after) =>
        ClaimWords.Verbs.Contains(word) || Vocabulary.LabelWords.Contains(word.ToLowerInvariant())
        || word.Length > 4 && word.EndsWith("ed", StringComparison.OrdinalIgnoreCase) && !word.EndsWith("eed", StringComparison.Ordinal)
            && word is not "hundred"
        || word.EndsWith("n't", StringComparison.Ordinal) || word.EndsWith('s') && Counted().IsMatch(after) || Subject().IsMatch(before)
        || word is "day" or "year" && after.Length == 0;

    // in 5 days, for $5, at 5 pm, with 5 left: how much, how long, when
    private static bool IsAmount(string rest, string word, string clause, string after)
    {
        var isFirst = rest.Length == word.Length;
        return word.ToLowerInvariant() switch
        {
            "for" or "at" => !isFirst && (clause.TrimEnd().EndsWith('$') || Amount().Match(after) is { Success: true } unit
                && (unit.Groups[1].Success || Units.IsKnown(unit.Groups[2].Value) || unit.Groups[2].Value is "am" or "pm")),
            "in" or "after" or "within" => !isFirst && Duration().IsMatch(after),
            "with" => Left().IsMatch(after),
            _ => false,
        };
    }

    private static string ClauseBefore(string text, int end)
    {
        var start = end;
        while (start > 0 && end - start < MaxContext && !EndsClause(text, start - 1)) start--;
        return text[start..end];
    }

    private static string SentenceAfter(string text, int start)
    {
        var end = start;
        while (end < text.Length && end - start < MaxContext && !(text[end] is '\n' or '。'
            || text[end] is '.' or '!' && (end + 1 == text.Length || char.IsWhiteSpace(text[end + 1])))) end++;
        return text[start..end];
    }

    private static bool EndsClause(string text, int at) => text[at] is '\n' or '。' or '，' or '；' or '：' or '#'
        || text[at] is '.' or '?' or '!' or ';' or ':' && (at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]))
        || text[at] == ',' && !(at > 0 && char.IsAsciiDigit(text[at - 1])
            && (at + 2 >= text.Length || !char.IsLetter(text[at + 2])));

    // 2, 3 and: what stands before the first of them decides
    [GeneratedRegex(@"(?:\d[\d.]*\s*(?:,|,?\s*\band\b|,?\s*\bor\b)\s*)+$", Before)]
    private static partial Regex ListBefore();

    // if n is 4, suppose it is 72, the wrong answer is 72; with n = 4, for n = 4 but not "holds for n = 4"
    [GeneratedRegex(
        @"(?:\b(?:if|suppose|consider|let\s+there|assume|assuming|imagine|pretend|whether|unless|as\s+long\s+as|provided|whenever|until|till|unlikely|neither|nor|doubt|thought|mistake"
        + @"|guess|unsure|not\s+(?:sure|certain|convinced|clear|likely)|[a-z]+n['’]t\s+(?:think|believe|say|mean|claim)|(?:might|may|could)\s+(?:think|say|guess|believe|expect)"
        + @"|(?:wrong|incorrect|naive|trap|tempting|mistaken|false)\s+(?:answer|value|result|guess|number|choice))\b"
        + @"(?!.*\b(?:then|gets?|have|obtain|find|is\s+the)\b).*"
        + @"|\b(?:let|where|with|given|given\s+that|take|say)\s+\\?[a-z]\w?\s*(?:=|is|be)\s*"
        + @"|(?<!\b(?:holds?|holding|true|occurs?|attained|achieved|reached|happens|works|only|equality|equal)\s+)"
        + @"\b(?:for|when|case)\s+[a-z]\s*(?:=|is)\s*|^\s*at\s+[a-z]\s*(?:=|is)\s*)$", Before)]
    private static partial Regex Condition();

    // equal to, comes to, is left with, a total of
    [GeneratedRegex(
        @"\b(?:equal|equals|equivalent|amount(?:s|ed|ing)?|c[ao]mes?|adds?|out|up|down|off|sums?|simplif(?:y|ies|ied)|reduc(?:es?|ed)|evaluates?"
        + @"|round(?:s|ed|ing)?|leads?|correspond(?:s|ing)?|converges?|tends?|rises?|rose|drops?|dropped|falls?|fell|grows?|grew|increases?"
        + @"|decreases?|set|changes?|changed)\s+to$|\b(?:left|ends?\s+up|ended\s+up|finish(?:es|ed)?|leav(?:ing|es?)\s+\w+)\s+with$"
        + @"|\b(?:total|sum|score|cost|profit|price)\s+of$|\bexpressed\s+as$"
        + @"|\b(?:coincides?|meets?|intersects?|occurs?|attained|reached|achieved|located|lies|is|are|stays?|remains?)\s+at$", Before)]
    private static partial Regex Reached();

    // has an area of
    [GeneratedRegex(
        @"\b(?:is|are|was|were|be|ha(?:s|ve|d|ving)|g[ai]v(?:es?|ing)|gets?|got|ma(?:kes?|de|king)|finds?|found|leav(?:es?|ing)|left|obtains?"
        + @"|yields?|earn(?:s|ed)?|costs?|needs?|takes?|took|saved?s?|spen(?:ds?|t)|pa(?:ys?|id)|reach(?:es|ed)?|with)"
        + @"\s+an?\s+(?:[a-z]+\s+){0,2}" + ClaimWords.Measures + @"\s+of$", Before)]
    private static partial Regex Measured();

    // could be 72
    [GeneratedRegex(
        @"\b(?:could|may|might|can(?:not|'t)?|shouldn't|wouldn't|unlikely\s+to|seems?\s+to|used\s+to)\s+(?:\w+\s+)?be$", Before)]
    private static partial Regex Possible();

    // maybe 3; 4 per day for 3
    [GeneratedRegex(
        @"\b(?:could|may|might)\s+(?:\w+\s+)?be\s*\$?$"
        + @"|\b(?:maybe|perhaps|possibly|else|otherwise|alternatively)\s*(?:it\s+is\s+)?\$?$"
        + @"|\d\S*\s+(?:\w+\s+)?(?:per|each|every|an?)\s+\w+\s+for\s*$", Before)]
    private static partial Regex Open();

    // we get, can buy, has order: the word before a verb without an ending, or before what is said to be had
    [GeneratedRegex(@"\b(?:to|can|will|must|should|would|could|we|i|you|they|did|does|do|he|she|it|has|have|had)$", Before)]
    private static partial Regex Subject();

    // 72, attained at x = 3
    [GeneratedRegex(@"\d.*\b(?:at|when|for|where)\s+[a-z]\w?\s*=\s*$", Before)]
    private static partial Regex Place();

    // an 11 x 11 table
    [GeneratedRegex(@"\b(?:an?|the)\s+\d+\s*[x×]\s*$", Before)]
    private static partial Regex Size();

    [GeneratedRegex(
        @"\b(?:the|an?|of|is|are|and|we|it|he|she|there|to|for|with|at|by|that|this|has|have|was|were|i|you|so|then|not|its|my)\b", After)]
    private static partial Regex English();

    // what is said of the number itself: 11 is prime, 72 fails, 5 cases were rejected; not 14 is the number of pairs
    [GeneratedRegex(
        @"^\s+(?:(?:is|was)\s+(?:almost|nearly|close|off)\b|would\s+be\s+the\s+case\b|(?:is|was)\s+(?!(?:\w+\s+)?(?:the|my|our|your|its|his|her|their|what|how|correct|right|it|left|remaining|needed|required"
        + @"|enough|obtained|found|indeed|therefore|thus|all|equal|also)\b)"
        + @"|(?:is|are|was|were|ca|could|does|do|did|would|wo|has|have|had)(?:n't|n’t)\b"
        + @"|(?:is|are|was|were|can|could|does|do|did|would|will|has|have|had)\s*not\b"
        + @"|(?:has|had|fails?|failed|divides|exceeds|appears|occurs|seems|looks|sounds|feels|contradicts|violates|may|might|could)\b"
        + @"|(?:would|should)\s+(?!(?:then\s+)?be\s+(?:the|my|our|correct|right|left|enough|needed))"
        + @"|(?:[a-z]+\s+)?(?:were|was|are|is|remain)\s+"
        + @"(?:rejected|excluded|ruled|discarded|wrong|incorrect|impossible|invalid|eliminated|to\s+be\s+checked)"
        + @"|(?:must|should|can|has\s+to|needs\s+to|will)\s+(?:then\s+)?be\s+(?:rejected|excluded|ruled|discarded|eliminated|dropped|ignored)"
        + @"|(?:gives|yields|leads\s+to|causes|would\s+give)\s+(?:us\s+)?(?:a\s+)?contradiction|as\s+an?\s+(?:example|guess|test|first|starting)\b)", After)]
    private static partial Regex Described();

    // 72 no; 72 squared; 1 in 4; 4 choose 2
    [GeneratedRegex(
        @"^[\s,(\u2013\u2014-]*(?:no|nope|nah|not|never|wrong|false|incorrect)\b(?!\s+(?:doubt|more|less|remainder|matter|units?|other|\w*\s?\d))"
        + @"|^\s+(?:squared|cubed|factorial|choose|permute|to\s+the\s+(?:power|\w+\s+power)|mod|modulo)\b|^\s+in\s+(?:every\s+)?\d"
        + @"|^\s*(?:是?错|不对|不正确|是不|不是)|^\s*\?\s*no\b|^\s*[\u2717\u2718\u274C\u2716]", After)]
    private static partial Regex Denied();

    // 72 or more, 72 at most, 4 through 6
    [GeneratedRegex(
        @"^\s+(?:[a-z]+\s+)?(?:or\s+(?:more|less|fewer|so|higher|lower|above|below|over|under|greater|larger|smaller)\b"
        + @"|and\s+(?:up|above|over|more|counting|a\s+bit|some|change|below|under|beyond)\b|at\s+(?:the\s+)?(?:most|least)\b|minus\b"
        + @"|plus\s+(?:change|some)\b|(?:through|until|till)\s+\d)", After)]
    private static partial Regex Bounded();

    // the 4 in front of x
    [GeneratedRegex(@"^\s+(?:in|on|of|from|at|before|after)\b", After)]
    private static partial Regex PartOf();

    // a 20% discount, a 1 in 4 chance
    [GeneratedRegex(@"^\s*(?:\\?%|percent\b|per\s+cent\b|(?:in|out\s+of)\s)", After)]
    private static partial Regex Share();

    [GeneratedRegex(@"^\s*(?:\\?\$|\\?%|[a-z]+)", After)]
    private static partial Regex Counted();

    [GeneratedRegex(@"^\s*(?:\\?(%)|([a-z]+))", After)]
    private static partial Regex Amount();

    [GeneratedRegex(@"^\s+(?:more\s+)?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\s*$", After)]
    private static partial Regex Duration();

    [GeneratedRegex(@"\b(?:left|remaining|over|leftover|left\s+over)\b", After)]
    private static partial Regex Left();
}
