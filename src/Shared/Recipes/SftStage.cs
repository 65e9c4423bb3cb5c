using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>Training on prompts and completions; the loss is on the completions alone.</summary>
public abstract record SupervisedStage : StageRecipe
{
    /// <summary>What is learned from: earlier stages that make data, and tasks of data sets with the layout <c>completions</c>.</summary>
    [NotEmpty, TaskName]
    public IReadOnlyList<string> Data { get; init; } = [];

    /// <summary>
    /// How the rows of several sources are mixed: for each its part of the mix, in any unit. As many rows as that allows are taken, each
    /// once an epoch. Empty takes all rows.
    /// </summary>
    [Name(OnNames = true), Bounds(Above = 0)]
    public IReadOnlyDictionary<string, double> Proportions { get; init; } = new Dictionary<string, double>();

    /// <summary>How a row's prompt is put to the model.</summary>
    public PromptRecipe Prompt { get; init; } = new();

    /// <summary>Passes over the rows.</summary>
    [Bounds(Min = 1, Max = 1000)]
    public int Epochs { get; init; } = 2;

    /// <summary>Rows a step; the last step of an epoch has those that are left.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int BatchSize { get; init; } = 64;

    /// <summary>
    /// Rows of about equal length in one forward and backward pass; gradients accumulate over a batch. 0 takes the batch whole.
    /// </summary>
    [Bounds(Min = 0, Max = 65_536)]
    public int MicroBatchSize { get; init; }

    /// <summary>The optimizer; it starts afresh. A warm-up longer than the training ends with it.</summary>
    public OptimizerRecipe Optimizer { get; init; } = new() { LearningRate = 5e-6, Schedule = LearningRateSchedule.Cosine };

    /// <summary>Steps between two saves of the job's progress.</summary>
    [Bounds(Min = 1, Max = 999_999), NoEffect("a resumed job ends with the same weights")]
    public int SaveEvery { get; init; } = 100;

    /// <inheritdoc/>
    public override IEnumerable<string> Inputs() => base.Inputs().Concat(Data);

    /// <inheritdoc/>
    public override IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() => [(Prompt, From)];
}

/// <summary>Supervised fine-tuning of one model on the rows of earlier data stages.</summary>
[Needs(nameof(From), nameof(Data))]
public sealed record SftStage : SupervisedStage
{
    /// <summary>With the defaults.</summary>
    public SftStage()
    {
    }

    /// <summary>With all that fine-tunings have in common taken from another stage.</summary>
    public SftStage(SupervisedStage like)
        : base(like)
    {
    }
}
