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

    /// <summary>
    /// The model's folder: a local path (a relative one from the recipe's folder), which workers must see too, or <c>blob:PATH</c> in the
    /// run's storage.
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
