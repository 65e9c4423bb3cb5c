using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>Measures a stage's model.</summary>
[Needs(nameof(From))]
public sealed record EvaluateStage : StageRecipe
{
    /// <inheritdoc/>
    public override bool Generates() => true;

    /// <inheritdoc/>
    public override int PlannedSteps() => 1;

    /// <inheritdoc/>
    public override string Describe(Recipe recipe) => $"evaluate, {string.Join("; ", Evaluation.All().Select(benchmark =>
        $"{benchmark.Key}: {benchmark.Value.Problems} problems, {benchmark.Value.Samples} samples each"))}";

    /// <inheritdoc/>
    public override StageSummary Summarize(string name, Recipe recipe) =>
        new StageSummary(name, Kind(), From, 0, 0, 0, 0).With(Evaluation);

    /// <inheritdoc/>
    public override bool YieldsModel() => false;

    /// <summary>What is measured.</summary>
    public required EvaluationRecipe Evaluation { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() =>
        Evaluation.All().Select(benchmark => (benchmark.Value.Prompt, From));
}
