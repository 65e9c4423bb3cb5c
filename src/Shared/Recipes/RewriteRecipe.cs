using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// How a cold start's good samples become readable ones (DeepSeek-R1 section 2.3.1: reasoning, then a summary). What was rewritten is
/// judged again, and dropped when it is no longer good enough.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TemplateRewrite), "template")]
[JsonDerivedType(typeof(ModelRewrite), "model")]
public abstract record RewriteRecipe;

/// <summary>
/// By rule: white space is normalised, long paragraphs of the thinking are broken where a sentence or a step ends, and what follows it is
/// replaced by a summary.
/// </summary>
public sealed record TemplateRewrite : RewriteRecipe
{
    /// <summary>What follows the thinking; {answer} stands for the sample's answer, {prompt} for the problem.</summary>
    [Contains("{answer}")]
    public string Summary { get; init; } = "<answer>{answer}</answer>";

    /// <summary>Characters above which a paragraph is broken; 0 leaves paragraphs as they are.</summary>
    [Bounds(Min = 0, Max = 10_000_000)]
    public int MaxParagraph { get; init; } = 400;

    /// <summary>What stands between two paragraphs.</summary>
    public string Separator { get; init; } = "\n\n";
}

/// <summary>By a model, which is asked to rewrite the sample.</summary>
public sealed record ModelRewrite : RewriteRecipe
{
    /// <summary>The earlier stage whose model rewrites; null takes the one that was sampled.</summary>
    public string? From { get; init; }

    /// <summary>What the model is asked; {draft} stands for the sample, {prompt} for the problem, {answer} for the right answer.</summary>
    [Contains("{draft}")]
    public string Instruction { get; init; } =
        "Rewrite the draft below so that it is easy to read. Keep every step of its reasoning, in the language of the problem and without "
        + "repetition, inside <think></think>. "
        + "Then sum up the solution and give the final answer inside <answer></answer>.\n\nProblem:\n{prompt}\n\nDraft:\n{draft}";

    /// <summary>How the instruction is put to the model.</summary>
    public PromptRecipe Prompt { get; init; } = new();

    /// <summary>How the rewritten text is drawn.</summary>
    public SamplingRecipe Sampling { get; init; } = new() { Temperature = 0.6, TopP = 0.95 };
}
