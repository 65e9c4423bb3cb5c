using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>How a problem becomes the text that a model answers.</summary>
public sealed record PromptRecipe
{
    /// <summary>
    /// The form: plain (the problem as it is), r1-zero (the R1 paper's dialogue of User and Assistant), chat (the tokenizer's chat
    /// template).
    /// </summary>
    [Known(nameof(KnownNames.Prompts))]
    public string Template { get; init; } = "plain";

    /// <summary>What the system message says; only with chat.</summary>
    public string? System { get; init; }

    /// <summary>
    /// What becomes of a row that does not fit into the model: with room for the longest completion allowed, or with the completion to be
    /// learned; null is error.
    /// </summary>
    public LongRows? TooLong { get; init; }
}

/// <summary>What becomes of rows that a model has no room for.</summary>
public enum LongRows
{
    /// <summary>The run ends before it begins, naming file and row.</summary>
    Error,
    /// <summary>They are left out, and counted.</summary>
    LeaveOut,
}
