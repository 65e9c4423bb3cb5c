using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>An answer of one spelling: the text of <c>part</c> equals the right answer.</summary>
public sealed record ExactOptions
{
    /// <summary>Whether capitals and small letters are the same.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>Whether any run of white space is one space.</summary>
    public bool CollapseSpace { get; init; }

    /// <summary>Which text is the answer.</summary>
    public AnswerPart Part { get; init; } = AnswerPart.AnswerTags;
}

/// <summary>
/// An answer that a regular expression recognises. Matching takes time linear in the text (no look-around, no back-references).
/// </summary>
public sealed record RegexRewardOptions
{
    /// <summary>
    /// The expression. Where it has a group <c>answer</c>, that must equal the right answer; empty takes the row's answer as the
    /// expression.
    /// </summary>
    [LinearRegex]
    public string Pattern { get; init; } = "";

    /// <summary>Whether capitals and small letters are the same.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>Which text is searched.</summary>
    public AnswerPart Part { get; init; } = AnswerPart.AnswerTags;
}

/// <summary>Multiple choice: the letter (or the text of a choice in the row's <c>choices</c>) that the completion settles on.</summary>
public sealed record MultipleChoiceOptions
{
    /// <summary>How many letters there are from A on where the row has no <c>choices</c>.</summary>
    [Bounds(Min = 2, Max = 26)]
    public int Letters { get; init; } = 10;

    /// <summary>Whether text without answer tags, <c>\boxed{…}</c> or a phrase such as "the answer is" may end in a bare letter.</summary>
    public bool BareLetter { get; init; } = true;
}

/// <summary>The countdown game: an expression over the row's numbers reaches its target (TinyZero).</summary>
public sealed record CountdownOptions
{
    /// <summary>Whether every number must be used, or each at most once.</summary>
    public bool UseAll { get; init; } = true;

    /// <summary>The score of an expression over the right numbers that misses the target (TinyZero gives 0.1).</summary>
    [Bounds(Min = 0, Max = 1)]
    public double FormScore { get; init; }
}

/// <summary>Which text of a completion is its answer.</summary>
public enum AnswerPart
{
    /// <summary>What stands in the last <c>&lt;answer&gt;…&lt;/answer&gt;</c>.</summary>
    AnswerTags,
    /// <summary>What follows the last <c>&lt;/think&gt;</c>, out of its answer tags where there are any.</summary>
    AfterThinking,
    /// <summary>All of it.</summary>
    Whole,
}
