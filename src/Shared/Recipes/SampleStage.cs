using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>A stage that makes data to learn from: it samples a model, scores the completions and keeps good ones.</summary>
public abstract record SampleStage : StageRecipe
{
    /// <inheritdoc/>
    public override bool Generates() => true;

    /// <inheritdoc/>
    public override int PlannedSteps() => 1;

    /// <inheritdoc/>
    public override string Describe(Recipe recipe) =>
        $"{Kind()}, {Questions} questions, {Samples} samples each, of which {Keep} are kept at most";

    /// <inheritdoc/>
    public override StageSummary Summarize(string name, Recipe recipe) =>
        new(name, Kind(), From, 0, Shards, (long)Questions * Samples, (long)Questions * Samples * Sampling.MaxNewTokens);

    /// <summary>The task whose training problems are the prompts.</summary>
    [TaskName]
    public required string Task { get; init; }

    /// <summary>Questions drawn; one that was drawn before is not asked again.</summary>
    [Bounds(Min = 1, Max = 10_000_000)]
    public int Questions { get; init; } = 512;

    /// <summary>Samples a question.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int Samples { get; init; } = 4;

    /// <summary>Most samples of a question that are kept: the first ones that are good enough. Must not exceed the samples.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int Keep { get; init; } = 1;

    /// <summary>Jobs that the questions are cut into; must not exceed them.</summary>
    [Bounds(Min = 1, Max = 1024), NoEffect("seeds are those of questions and samples, and rows are joined in order")]
    public int Shards { get; init; } = 1;

    /// <summary>How a question is put to the model.</summary>
    public PromptRecipe Prompt { get; init; } = new();

    /// <summary>How completions are sampled.</summary>
    public SamplingRecipe Sampling { get; init; } = new();

    /// <summary>The reward functions that judge a completion, by their registered names; weights have no part here.</summary>
    [KnownReward(OnNames = true), NotEmpty]
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();

    /// <summary>The least score that a kept completion has, by reward; each must be one of the stage's rewards.</summary>
    [KnownReward(OnNames = true), NotEmpty]
    public IReadOnlyDictionary<string, double> Minimums { get; init; } = new Dictionary<string, double>();

    /// <summary>What else a kept completion must not be.</summary>
    public SampleFilters Filters { get; init; } = new();

    /// <inheritdoc/>
    public override bool YieldsModel() => false;

    /// <inheritdoc/>
    public override IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() => [(Prompt, From)];

    /// <inheritdoc/>
    public override IEnumerable<(string Field, IReadOnlyDictionary<string, RewardRecipe> Rewards)> RewardSets() => [("rewards", Rewards)];
}

/// <summary>
/// Rejection sampling (DeepSeek-R1 section 2.3.3): several samples a prompt, of which correct and readable ones are kept for fine-tuning.
/// </summary>
[Needs(nameof(From), nameof(Rewards), nameof(Minimums))]
public sealed record RejectionSampleStage : SampleStage;

/// <summary>
/// Cold-start data (DeepSeek-R1 section 2.3.1): the same as rejection sampling, and besides what repeats itself is dropped.
/// </summary>
[Needs(nameof(From), nameof(Rewards), nameof(Minimums))]
public sealed record CollectStage : SampleStage
{
    /// <summary>With the filters of a cold start.</summary>
    public CollectStage() => Filters = new() { MaxRepetition = 0.5 };

    /// <summary>How kept samples are rewritten into a readable form; null keeps them as they are.</summary>
    public RewriteRecipe? Rewrite { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Inputs() =>
        Rewrite is ModelRewrite { From: { } rewriter } ? base.Inputs().Append(rewriter) : base.Inputs();

    /// <inheritdoc/>
    public override IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() =>
        Rewrite is ModelRewrite rewrite ? base.Prompts().Append((rewrite.Prompt, rewrite.From ?? From)) : base.Prompts();
}

/// <summary>What makes a completion hard to read, so that it is not kept.</summary>
public sealed record SampleFilters
{
    /// <summary>Whether completions cut off at the length limit are dropped.</summary>
    public bool Truncated { get; init; } = true;

    /// <summary>Whether completions with a code block (three back-ticks) in the thinking are dropped.</summary>
    public bool CodeBlocks { get; init; } = true;

    /// <summary>Most characters of a paragraph of the thinking; 0 for no limit.</summary>
    [Bounds(Min = 0, Max = 10_000_000)]
    public int MaxParagraph { get; init; } = 4000;

    /// <summary>Language of the thinking, by its ISO 639-1 code; null does not look at it.</summary>
    [Known(nameof(KnownNames.Languages))]
    public string? Language { get; init; }

    /// <summary>The problem's column that holds the language of the thinking, in place of <see cref="Language"/>; null for none.</summary>
    public string? LanguageField { get; init; }

    /// <summary>Least share of the thinking's words in that language. Thinking without words has no language and stays.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double MinLanguage { get; init; } = 0.9;

    /// <summary>Greatest share of 3-grams (of tokens) that only repeat others; 1 for no limit.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double MaxRepetition { get; init; } = 1;
}
