using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// The closed classes of words that turn a statement round, of the languages whose phrases are known: they deny, leave open, or set one
/// value against another.
/// </summary>
internal static partial class Negations
{
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private const string Denying =
        @"(?:(?:not|never|no|nor|neither|nobody|none|nothing|nowhere|cannot|nicht|kein(?:e[nmrs]?)?|niemals|weder|pas|jamais|aucune?|nunca"
        + @"|jamás|non|não|nem"
        + @"|niet|geen|nooit|не|ни|нет|nie|není|nije|inte|ikke|bukan|tidak|không|değil|ليس|ليست|नहीं)(?![\p{L}-])"
        + @"|(?<=\p{L})n['’]t(?!\p{L}))";

    // no doubt, not only, or not: nothing is denied
    private const string Harmless =
        @"(?!\s+(?:doubt|matter|question|problem|surprise|wonder|remainder|only|just|counting|including|total|fim|resto)\b)(?!\.\s*\d)";

    private const string Word = @"(?<![\p{L}'’-])";

    /// <summary>Words that leave open whether something is so.</summary>
    public const string Possible =
        @"(?:might|maybe|perhaps|possibly|could\s+be|may\s+be|vielleicht|möglicherweise|könnten?|peut-être|pourrai(?:t|ent)|quizás?"
        + @"|podrían?|potrebbe(?:ro)?"
        + @"|forse|talvez|tal\s+vez|wären?|würden?|serai(?:t|ent)|serían?|sarebbe(?:ro)?|seriam?|poderiam?|misschien|возможно|может"
        + @"|być\s+może|belki|có\s+thể|mungkin|ربما|शायद)";

    /// <summary>Words that join alternatives.</summary>
    public const string Or = @"(?:\b(?:or|oder|ou|o|или|lub|albo|nebo|veya|atau|hoặc|eller)\b|أو|या|或者?|还是|還是|または|あるいは|또는|아니면|か(?=\s*\d)"
        + @"|이나(?=\s*\d))";

    /// <summary>Words that set a value against one that was denied.</summary>
    public const string But =
        @"(?:\b(?:but|rather|sondern|mais|sino|ma|bensì|mas|maar|но|а|ale|lecz|it\s+is|it['’]s|(?:the\s+answer\s+is))\b|而是|ではなく|じゃなく|(?:이"
        + @"|가)?\s*아니라)";

    /// <summary>Whether the clause before a number denies it.</summary>
    public static bool Deny(string clause) => Denial().IsMatch(clause);

    /// <summary>Whether a sentence begins by leaving open what it says: "Perhaps, ….".</summary>
    public static bool Opens(string before) => Opening().IsMatch(before);

    /// <summary>Whether the clause before a number leaves it open.</summary>
    public static bool LeaveOpen(string clause) => Openness().IsMatch(clause);

    /// <summary>Whether what follows a number leaves it open in languages whose verb stands last.</summary>
    public static bool IsOpenAfter(string after) => OpenAfter().IsMatch(after);

    /// <summary>Where the denial ends that follows a number in languages whose verb stands last; -1 when there is none.</summary>
    public static int DenialAfter(string after) => Postposed().Match(after) is { Success: true } match ? match.Index + match.Length : -1;

    /// <summary>Whether another value follows as an alternative.</summary>
    public static bool IsAlternative(string after) => Alternative().IsMatch(after);

    /// <summary>What follows "not A but": the part of a sentence in which the value is stated; null when none is.</summary>
    public static string? Instead(string sentence) => Replacement().Match(sentence) is { Success: true } match
        ? sentence[(match.Index + match.Length)..] : null;

    /// <summary>Whether a word sets what follows against what was denied before.</summary>
    public static bool Turns(string word) => Turning().IsMatch(word);

    /// <summary>The part of a sentence behind its last comma or conjunction.</summary>
    public static string LastClause(string before)
    {
        var start = 0;
        for (var match = Boundary().Match(before); match.Success; match = match.NextMatch()) start = match.Index + match.Length;
        return before[start..];
    }

    [GeneratedRegex("^(?:sondern|mais|sino|ma|bensì|mas|maar|но|а|ale|lecz)$", Options)]
    private static partial Regex Turning();

    [GeneratedRegex(
        Word + Denying + Harmless + @"|(?<=\p{L})n['’]t\s+(?:\w+\s+){0,2}[$\\(]*$"
        + @"|(?:不是|并非|不等于|不为|不可能|不会|没有|沒有|绝非)", Options)]
    private static partial Regex Denial();

    [GeneratedRegex(@"(?<!\p{L})" + Possible + @"(?!\p{L})|可能|也许|或许|多分|おそらく|아마", Options)]
    private static partial Regex Openness();

    [GeneratedRegex(@"^[^\p{L}\d]*" + Possible + @"(?!\p{L})(?!\s+\w+ly\b)", Options)]
    private static partial Regex Opening();

    [GeneratedRegex(
        @"^[^。.,，、\d]{0,8}?\s?(?:では(?:ない|ありません|なく)|じゃ(?:ない|ありません|なく)|でない|아니|아닙|아닌|않|없|नहीं|değil)", Options)]
    private static partial Regex Postposed();

    [GeneratedRegex(@"^[^。.,，、\d]{0,8}?(?:かも|だろうか|でしょうか|일지도|일\s*수도|인지)", Options)]
    private static partial Regex OpenAfter();

    [GeneratedRegex(@"^[\s$*()""”。,，]{0,4}\p{L}{0,3}?\s*" + Or + @"\s*(?:\p{L}+\s+){0,3}[$\\(-]*\d", Options)]
    private static partial Regex Alternative();

    [GeneratedRegex(
        @"^(?:\w+ly\s+)?(?:" + Denying + @"|n['’]t\b|不是|并非)[^.]*?\d[^.\d]*?" + But + @"[\s,:]*|^[^.]{0,20}?\d[^.\d]{0,4}(?:ではなく|じゃなく|(?:이"
        + @"|가)?\s*아니라)[\s,、，]*", Options)]
    private static partial Regex Replacement();

    [GeneratedRegex(
        @"[,;:：，；、—–(]+|(?<!\p{L})(?:(?<!\b(?:anything|everything|nothing|none|all|any|every|values?|numbers?)\s+)but|so|hence|thus"
        + @"|therefore|then|because|since|and|which|where|while|whereas|rather|sondern|mais|sino"
        + @"|ma|mas|maar|но|а|und|aber"
        + @"|et|also|donc|pero|quindi|portanto|dus|we\s+(?:get|obtain|have|find))(?!\p{L})|而是|所以|因此|那么", Options)]
    private static partial Regex Boundary();
}
