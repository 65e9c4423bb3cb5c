namespace R1Cloud.Shared.Recipes;

/// <summary>A published model as the start: a folder in Hugging Face layout becomes the stage's checkpoint, with its tokenizer, chat template and generation settings.</summary>
[Lacks(nameof(From), "an import stage brings its own model")]
public sealed record ImportStage : StageRecipe
{
    /// <summary>The model's folder: a local path (a relative one from the recipe's folder), which workers must see too, or <c>blob:PATH</c> in the run's storage.</summary>
    public required string Path { get; init; }
}
