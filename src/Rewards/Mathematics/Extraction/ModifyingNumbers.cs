using System.Text.RegularExpressions;
using R1Cloud.Rewards.Mathematics.Parsing;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// Numbers in sentences that say which or how many of something, where the something is meant: "the first 18 digits of π", "step 3",
/// "a 3-digit number", "the 2 smallest roots", "to 4 decimal places". None of them is an answer.
/// </summary>
internal static partial class ModifyingNumbers
{
    private const int MaxContext = 80;
    private const RegexOptions Before = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.RightToLeft;
    private const RegexOptions After = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>Whether the number there modifies a noun.</summary>
    public static bool IsAt(string text, Range number) => Compound().IsMatch(TextAfter(text, number)) && !IsFunction(text, number.End.Value)
        || Modifies(text, number);

    /// <summary>Whether an answer in words begins with such a number. Its minus signs are operations: 3-abc is no compound.</summary>
    public static bool Opens(string text) => text.Length < 400 && text.Contains(' ', StringComparison.Ordinal)
        && text.AsSpan().ContainsAnyInRange('0', '9') && LastNumbers.First(text) is { } number && Modifies(text, number)
        && !RelationsInWords.IsOne(text) && !Share().IsMatch(text)
        && CalendarDate.TryRead(text) is null && SetsInWords.TryRead(text, _ => Trees.Number.Zero) is null;

    private static bool Modifies(string text, Range number)
    {
        var (before, after) = (TextBefore(text, number), TextAfter(text, number));
        return StatedNumbers.IsElsewhere(text, number)
            || Selected().IsMatch(before) || Label().IsMatch(before) || Ranked().IsMatch(after) || Compared().IsMatch(after)
            || Operand().IsMatch(before) || Purpose().IsMatch(before) || Bracket().IsMatch(before) || Term().IsMatch(before)
            || FirstTerm().IsMatch(before) && SecondTerm().IsMatch(after)
            || Digits().IsMatch(after) && (Precision().IsMatch(before) || OfNumber().IsMatch(after))
            || Ordinal().IsMatch(before) && IsIdeograph(after)
            || Known().IsMatch(before) && Noun().Match(after) is { Success: true } noun && !Units.IsKnown(noun.Groups[1].Value)
            || Listed().IsMatch(before + "#" + after);
    }

    private static string TextBefore(string text, Range number)
    {
        var end = number.Start.Value;
        return text[Math.Max(0, end - MaxContext)..end];
    }

    private static string TextAfter(string text, Range number)
    {
        var start = number.End.Value;
        return text[start..Math.Min(text.Length, start + MaxContext)];
    }

    private static bool IsIdeograph(string after) => after.TrimStart() is [>= '\u2E80', ..] rest
        && rest[0] is not ('，' or '。' or '；');

    // 2-sin x: the sign is an operation.
    private static bool IsFunction(string text, int hyphen)
    {
        var end = hyphen + 1;
        while (end < text.Length && char.IsAsciiLetter(text[end])) end++;
        var word = text[Math.Min(hyphen + 1, end)..end];
        return Vocabulary.Functions.ContainsKey(word) || Vocabulary.PlainLetters.Contains(word) || word is "sqrt" or "cbrt"
            || Vocabulary.Connective(word) is not null || end < text.Length && text[end] is '(' or '^' or '_';
    }

    // 3 out of 8
    [GeneratedRegex(@"^\s*\d+\s+out\s+of\s+\d+\s*$", After)]
    private static partial Regex Share();

    // the first 18 …, the next 5 …, 15 of the 20 …, to the nearest 10
    [GeneratedRegex(
        @"(?:\b(?:first|last|next|previous|preceding|following|top|bottom|initial|remaining|nearest|closest|every\s+other)|\b(?:of|among"
        + @"|amongst|from|between)\s+(?:all\s+)?(?:the|these|those|its|our|my|his|her|their|your)|\b(?:answer|result)\s+(?:only\s+)?(?:has"
        + @"|contains|consists\s+of|uses|needs)(?:\s+(?:exactly|only|just))?|\bamong|\d\s+(?:of|out\s+of)(?:\s+the)?|前|步骤|步驟|题目"
        + @"|[图圖题題例])\s*[$(*]*$", Before)]
    private static partial Regex Selected();

    // step 3: what is named by a number
    [GeneratedRegex(
        @"\b(?:steps?|questions?|problems?|exercises?|figures?|fig\.|equations?|eq\.|cases?|parts?|examples?|pages?|lines?|chapters?"
        + @"|sections?|tables?|theorem|lemma|corollary|proposition|definition|remark|footnote|appendix|method|approach|attempt|version"
        + @"|rule|hint|clue|base|formula|references?|refs?\.?|no\.|nr\.|pp?\.|vol\.|cf\.|as\s+in|see)[\s-]{1,2}[(\[]?$", Before)]
    private static partial Regex Label();

    // the square of 6, twice 25, divisible by 3: what the number is put into
    [GeneratedRegex(
        @"\b(?:(?:squares?|cubes?|roots?|multiples?|factors?|divisors?|half|thirds?|quarters?|powers?|functions?|digits?|logarithm"
        + @"|reciprocal|inverse|negative|opposite|double|triple|complement|factorial|percent|remainder)\s+of|an?\s+(?:[a-z]+\s+)?(?:set"
        + @"|sequence|series|list|group|string|table|pair|collection|combination|permutation)s?\s+of|twice|thrice|double|triple|half|near"
        + @"|modulo|mod|(?:divisible|divided|multiplied|increased|decreased|followed|preceded)\s+by|divides|(?:\d|\b[a-z]|\))\s+(?:times"
        + @"|plus|minus)|(?:co)?prime\s+to|congruent\s+to|close\s+to|added\s+to|subtracted\s+from"
        + @"|different\s+from)\s+(?:the\s+number\s+)?[$(]*$", Before)]
    private static partial Regex Operand();

    // the sum of 20 and 25: the first of them, and the second
    [GeneratedRegex(
        @"\b(?:sum|product|difference|quotient|ratio|average|mean|gcd|lcm|maximum|minimum|larger|smaller"
        + @"|between)\s+(?:of\s+)?[$(]*$", Before)]
    private static partial Regex FirstTerm();

    [GeneratedRegex(
        @"^\$?\s*(?:,|and\b|consecutive\b|numbers?\b|integers?\b|terms?\b)", After)]
    private static partial Regex SecondTerm();

    [GeneratedRegex(
        @"\b(?:sum|product|difference|quotient|ratio|average|mean|gcd|lcm|larger|smaller"
        + @"|between)\s+(?:of\s+)?[$(]*\S*\d\S*\s+and\s+[$(]*$", Before)]
    private static partial Regex Term();

    // 3-digit, 12-sided
    [GeneratedRegex(
        @"^\$?[-\u2010\u2011][a-z]{3,}", After)]
    private static partial Regex Compound();

    // the 2 smallest roots
    [GeneratedRegex(
        @"^\$?\s+(?:smallest|largest|biggest|greatest|lowest|highest|longest|shortest|closest|nearest|leading|trailing|consecutive"
        + @"|(?:minus|plus|times|divided\s+by|multiplied\s+by)\s+[a-z]+)\b|^[位个][数數]", After)]
    private static partial Regex Ranked();

    // 45 minutes to bake 2 trays, 13 after giving 7 away: what it takes is stated, and for what is not
    [GeneratedRegex(@"\d[^.,;]*?\s+to\s+(?!(?:get|obtain|make|give|be|have|find|leave|equal|arrive|a|an"
        + @"|the)\b)[a-z]{3,}\s+(?:(?:another|the|all|these|those|only)\s+)?$"
        + @"|\d[^.,;]*?\s+(?:after|before|by|when|while|without|upon)\s+[a-z]+ing\b[^.,;\d=]*$", Before)]
    private static partial Regex Purpose();

    // 75 € (with 19 % tax): an aside
    [GeneratedRegex(@"\d[^()\n]*\([^()\n]*\p{L}[^()\n]*$", Before)]
    private static partial Regex Bracket();

    // 15 less than 30, 5 times as many as 7, 3/4 of 20
    [GeneratedRegex(
        @"^\$?(?:\s+(?:(?:[a-z]+\s+){1,3}than|(?:(?:units?|steps?|places?|points?)\s+)?(?:away|far|short|shy|off|apart|distant|different"
        + @"|up|down)\s+(?:from|of)|(?:to|from)\s+the\s+(?:left|right)\s+of|times\s+(?:[a-z]+\s+){1,3}as)|(?:\s*\\?%"
        + @"|\s+percent)?\s+of)\s+[$\\(]*(?:\d|[b-z]\b)", After)]
    private static partial Regex Compared();

    // to 4 decimal places, with 9 digits
    [GeneratedRegex(
        @"\b(?:to|of|with|by|using|in)\s+(?:exactly\s+|about\s+)?\$?$", Before)]
    private static partial Regex Precision();

    [GeneratedRegex(
        @"^\$?[\s-]+(?:significant|decimal|sig\b|digits?\b|figures?\b|places?\b|decimals?\b|bits?\b|s\.f\.|d\.p\.)", After)]
    private static partial Regex Digits();

    // 18 digits of π
    [GeneratedRegex(
        @"^\$?[\s-]+(?:\w+\s+)?\w+\s+of\s+[$\\(]*(?:pi|π|e|the\s+(?:number|decimal|expansion|constant|golden))\b", After)]
    private static partial Regex OfNumber();

    // 第3题, 最后7位
    [GeneratedRegex(
        @"(?:第|最后|最後|末)\s*$", Before)]
    private static partial Regex Ordinal();

    // the 15 possible outcomes, any 8 of them, the largest 8 numbers: known before, and not what is said now
    [GeneratedRegex(
        @"\b(?:the|any|each|smallest|largest|biggest|greatest|lowest|highest)\s+\$?$", Before)]
    private static partial Regex Known();

    [GeneratedRegex(
        @"^\$?\s+(?!(?:is|are|was|were|as|and|or|but|because|since|which|so|that|by|for|from|to|if|when|with|per|in|on|at|of|has|equals?"
        + @"|percent|pct|million|billion|thousand|hundred|dozen|points?)\b)([a-z]{3,})", After)]
    private static partial Regex Noun();

    // number 4 on the list
    [GeneratedRegex(
        @"\bnumber\s+#\s+(?:on|in|of)\s+(?:the|my|his|her|our|a)\b", After)]
    private static partial Regex Listed();
}
