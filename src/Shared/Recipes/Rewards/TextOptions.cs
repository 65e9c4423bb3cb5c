using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>Steps that a reader can see (open-r1): "Step 1:", "1.", bullets, "First,", "Next,", "Finally,".</summary>
public sealed record ReasoningStepsOptions
{
    /// <summary>Marks from which the score is 1; fewer score their share.</summary>
    [Bounds(Min = 1, Max = 1000)]
    public int Steps { get; init; } = 3;
}

/// <summary>
/// Repeated n-grams (Demystifying Long Chain-of-Thought, arXiv 2502.03373, appendix B): (1 − different / all) × maxPenalty.
/// </summary>
public sealed record RepetitionOptions
{
    /// <summary>Units in an n-gram.</summary>
    [Bounds(Min = 1, Max = 100)]
    public int NgramSize { get; init; } = 3;

    /// <summary>The score when everything repeats; 0 or below.</summary>
    [Bounds(Max = 0)]
    public double MaxPenalty { get; init; } = -1;

    /// <summary>What an n-gram is made of.</summary>
    public RepetitionUnit Unit { get; init; } = RepetitionUnit.Words;
}

/// <summary>What n-grams are made of.</summary>
public enum RepetitionUnit
{
    /// <summary>Words between white space, small letters; each Chinese or Japanese character is one.</summary>
    Words,
    /// <summary>Token ids.</summary>
    Tokens,
}

/// <summary>Language consistency (DeepSeek-R1, section 2.3.2): the share of the thinking's words that are in the target language.</summary>
public sealed record LanguageOptions
{
    /// <summary>The target language by its ISO 639-1 code.</summary>
    [Known(nameof(KnownNames.Languages))]
    public string Language { get; init; } = "en";

    /// <summary>
    /// The problem's column that holds the target language, in place of <see cref="Language"/>; null takes that for all problems.
    /// </summary>
    public string? Field { get; init; }

    /// <summary>
    /// Whether the whole completion is looked at, or only what stands between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>.
    /// </summary>
    public bool Whole { get; init; }
}

/// <summary>Verifiable instructions (IFEval, arXiv 2311.07911): the row's <c>instruction_id_list</c> and <c>kwargs</c>.</summary>
public sealed record InstructionOptions
{
    /// <summary>How the text is held against an instruction.</summary>
    public InstructionMode Mode { get; init; } = InstructionMode.Strict;

    /// <summary>What several instructions score together.</summary>
    public InstructionScore Score { get; init; } = InstructionScore.Share;

    /// <summary>Which text must follow the instructions.</summary>
    public AnswerPart Part { get; init; } = AnswerPart.AfterThinking;
}

/// <summary>How a text is held against an instruction.</summary>
public enum InstructionMode
{
    /// <summary>As it is.</summary>
    Strict,
    /// <summary>Also without its first line, its last line, and its asterisks: any of the eight forms may follow the instruction.</summary>
    Loose,
}

/// <summary>What several instructions score together.</summary>
public enum InstructionScore
{
    /// <summary>The share that is followed.</summary>
    Share,
    /// <summary>1 when all are, else 0.</summary>
    All,
}
