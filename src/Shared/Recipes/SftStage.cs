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

    /// <inheritdoc/>
    public override string Describe(Recipe recipe) =>
        $"sft on {string.Join(" + ", Data)}, {Epochs} epochs in batches of {BatchSize}, "
        + (StepsIn(recipe) is { } steps ? $"at most {steps} steps" : "steps known once the data is");

    /// <inheritdoc/>
    public override StageSummary Summarize(string name, Recipe recipe) =>
        new StageSummary(name, Kind(), From, StepsIn(recipe), 1, 0, 0).With(recipe.Evaluation);

    /// <summary>
    /// The most steps that it can have, every question of its data stages keeping as many rows as it may; null where it learns from a
    /// data set too.
    /// </summary>
    /// <param name="recipe">The recipe that it stands in.</param>
    public long? StepsIn(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var made = Data.Select(name => recipe.Stages.GetValueOrDefault(name) as SampleStage).ToList();
        if (made.Contains(null)) return null;
        var rows = made.Sum(data => (long)data!.Questions * data.Keep);
        return Epochs * ((rows + BatchSize - 1) / BatchSize);
    }
}
