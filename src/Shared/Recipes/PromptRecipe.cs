namespace R1Cloud.Shared.Recipes;

/// <summary>How a problem becomes the text that a model answers.</summary>
public sealed record PromptRecipe
{
    /// <summary>The form: plain (the problem as it is), r1-zero (the R1 paper's dialogue of User and Assistant), chat (the tokenizer's chat template).</summary>
    [Known(nameof(KnownNames.Prompts))]
    public string Template { get; init; } = "plain";

    /// <summary>What the system message says; only with chat.</summary>
    public string? System { get; init; }
}
