using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// Trains a reward model (DeepSeek-R1, supplement: helpful and safety reward models): the model of <c>from</c> with a scalar head in place
/// of its vocabulary. It is not a policy; rewards of later stages refer to it.
/// </summary>
[Needs(nameof(From))]
public sealed record RewardModelStage : StageRecipe
{
    /// <inheritdoc/>
    public override int PlannedSteps() => Steps();

    /// <inheritdoc/>
    public override string Describe(Recipe recipe) =>
        $"reward-model, {Objective.ToString().ToLowerInvariant()} on {Rows} rows of {Task}, {Steps()} steps of {BatchSize}";

    /// <inheritdoc/>
    public override StageSummary Summarize(string name, Recipe recipe) => // a response's length is its data's
        new(name, Kind(), From, Steps(), 1, (long)Epochs * Rows, 0);

    /// <inheritdoc/>
    public override bool YieldsModel() => false;

    /// <summary>The task that makes the preference pairs or labelled responses.</summary>
    [TaskName]
    public required string Task { get; init; }

    /// <summary>What the scores are trained for.</summary>
    public RewardObjective Objective { get; init; } = RewardObjective.Pairwise;

    /// <summary>
    /// Which part of a response is scored; null takes the summary for pairwise and the whole response for pointwise, as the paper does.
    /// </summary>
    public ScoredPart? Scores { get; init; }

    /// <summary>How a row's prompt is put before its response.</summary>
    public PromptRecipe Prompt { get; init; } = new();

    /// <summary>Pairs or labelled responses drawn to train on; each comes once an epoch.</summary>
    [Bounds(Min = 1, Max = 10_000_000)]
    public int Rows { get; init; } = 4096;

    /// <summary>Passes over the rows.</summary>
    [Bounds(Min = 1, Max = 1000)]
    public int Epochs { get; init; } = 1;

    /// <summary>Pairs or labelled responses a step; the last step of an epoch has those that are left.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int BatchSize { get; init; } = 256;

    /// <summary>
    /// Rows of about equal length in one forward and backward pass; gradients accumulate over a batch. 0 takes the batch whole.
    /// </summary>
    [Bounds(Min = 0, Max = 65_536)]
    public int MicroBatchSize { get; init; }

    /// <summary>
    /// Held-out rows on which the model is measured; their scores' mean and deviation go with it, for rewards that normalise.
    /// </summary>
    [Bounds(Min = 2, Max = 1_000_000)]
    public int HeldOut { get; init; } = 256;

    /// <summary>The optimizer. A warm-up longer than the training ends with it.</summary>
    public OptimizerRecipe Optimizer { get; init; } = new() { LearningRate = 6e-6 };

    /// <summary>Steps between two saves of the job's progress.</summary>
    [Bounds(Min = 1, Max = 999_999), NoEffect("a job that goes on gives the same bits")]
    public int SaveEvery { get; init; } = 100;

    /// <summary>The part that is scored, the objective's where none is given.</summary>
    public ScoredPart ScoredPart() =>
        Scores ?? (Objective == RewardObjective.Pairwise ? Recipes.ScoredPart.Summary : Recipes.ScoredPart.Response);

    /// <inheritdoc/>
    public override IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() => [(Prompt, From)];

    /// <summary>Optimizer steps in all.</summary>
    public int Steps() => Epochs * ((Rows + BatchSize - 1) / BatchSize);
}

/// <summary>Which part of a response a reward model reads.</summary>
public enum ScoredPart
{
    /// <summary>What stands after the thinking, or inside the answer tags there.</summary>
    Summary,
    /// <summary>All of it.</summary>
    Response,
}
