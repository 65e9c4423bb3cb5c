using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// A published model as the start: a folder in Hugging Face layout becomes the stage's checkpoint, with its tokenizer, chat template and
/// generation settings.
/// </summary>
[Lacks(nameof(From), "an import stage brings its own model")]
public sealed record ImportStage : StageRecipe
{
    /// <inheritdoc/>
    public override int PlannedSteps() => 1;

    /// <inheritdoc/>
    public override string Describe(Recipe recipe) =>
        $"import of {Path}";

    /// <inheritdoc/>
    public override StageSummary Summarize(string name, Recipe recipe) =>
        new StageSummary(name, Kind(), null, 0, 1, 0, 0).With(recipe.Evaluation);

    /// <summary>
    /// The model's folder, or a GGUF file: a local path (a relative one from the recipe's folder), which workers must see too,
    /// <c>blob:PATH</c> (of a folder) in the run's storage, or <c>hf:ORG/NAME[@REVISION]</c> on the Hub.
    /// </summary>
    [DataFile]
    public required string Path { get; init; }

    /// <summary>The model's size, for plans that are made where its folder is not; null reads the folder's config.json.</summary>
    [NoEffect("it serves plans alone")]
    public ModelSize? Size { get; init; }
}

/// <summary>What of a model decides its cost.</summary>
public sealed record ModelSize
{
    /// <summary>Parameters in all.</summary>
    [Bounds(Above = 0)]
    public required double Parameters { get; init; }

    /// <summary>Those that one token passes through, where there are experts; null for all.</summary>
    [Bounds(Above = 0)]
    public double? ActiveParameters { get; init; }

    /// <summary>Decoder layers.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public required int Layers { get; init; }

    /// <summary>Query heads × width of a head; where keys and values differ in width, their mean.</summary>
    [Bounds(Min = 1, Max = 1_048_576)]
    public required int AttentionWidth { get; init; }
}
