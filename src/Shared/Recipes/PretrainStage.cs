using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>Trains a small decoder from scratch on worked examples of tasks: the base model of the quickstart.</summary>
[Lacks(nameof(From), "a pretrain stage makes its own model")]
public sealed record PretrainStage : StageRecipe
{
    /// <inheritdoc/>
    public override int PlannedSteps() => Steps;

    /// <inheritdoc/>
    public override string Describe(Recipe recipe) =>
        $"pretrain, {Steps} steps of {BatchSize} sequences";

    /// <inheritdoc/>
    public override StageSummary Summarize(string name, Recipe recipe) =>
        new StageSummary(name, Kind(), From, Steps, 1, (long)Steps * BatchSize, (long)Steps * BatchSize * Model.MaxPositions)
            .With(recipe.Evaluation);

    /// <summary>The task whose training problems make the corpus; null where <see cref="Tasks"/> names several.</summary>
    [TaskName]
    public string? Task { get; init; }

    /// <summary>Several tasks in place of one, each with its part of the corpus in any unit.</summary>
    [Name(OnNames = true), Bounds(Above = 0), TaskName]
    public IReadOnlyDictionary<string, double> Tasks { get; init; } = new Dictionary<string, double>();

    /// <summary>The tasks with their parts, by name in ordinal order, so that a recipe's order of writing decides nothing.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Corpora() =>
        Task is { } task ? [new(task, 1)] : [.. Tasks.OrderBy(entry => entry.Key, StringComparer.Ordinal)];

    /// <summary>The decoder's shape.</summary>
    public ModelShape Model { get; init; } = new();

    /// <summary>How the corpus is mixed.</summary>
    public CorpusMix Corpus { get; init; } = new();

    /// <summary>Optimizer steps.</summary>
    [Bounds(Min = 1, Max = 999_999)]
    public int Steps { get; init; } = 300;

    /// <summary>Sequences a step.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int BatchSize { get; init; } = 64;

    /// <summary>The optimizer.</summary>
    public OptimizerRecipe Optimizer { get; init; } = new() { LearningRate = 1.5e-3, WarmupSteps = 20, WeightDecay = 0.01 };

    /// <summary>Steps between two saves of the job's progress.</summary>
    [Bounds(Min = 1, Max = 999_999), NoEffect("a resumed job ends with the same weights")]
    public int SaveEvery { get; init; } = 100;
}
