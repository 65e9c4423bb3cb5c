namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>
/// Names that a recipe may use and the trainer registers. They stand here so that a recipe is checked before any worker starts; a test of
/// the trainer holds these lists and its registries equal.
/// </summary>
public static class KnownNames
{
    /// <summary>Languages that texts can be told to be in, by their ISO 639-1 codes.</summary>
    public static IReadOnlyList<string> Languages { get; } =
    [
        "ar", "bg", "bn", "de", "el", "en", "es", "fa", "fi", "fr", "gu", "he", "hi", "it", "ja", "kn", "ko", "ml", "mr", "ne", "nl", "pa",
            "pl", "pt", "ru", "sv", "sw",
        "ta", "te", "th", "uk", "ur", "vi", "zh",
    ];

    /// <summary>Architectures of models, as config.json's <c>model_type</c> names them.</summary>
    public static IReadOnlyList<string> Architectures { get; } =
        ["llama", "qwen2", "qwen3", "deepseek_v3", "qwen3_moe", "mistral", "olmo2", "olmo3", "gemma3_text", "phi3"];

    /// <summary>Policy losses.</summary>
    public static IReadOnlyList<string> Losses { get; } = ["grpo", "dapo", "dr-grpo", "gspo", "cispo", "sapo", "luspo", "vespo", "dppo"];

    /// <summary>Forms of prompts.</summary>
    public static IReadOnlyList<string> Prompts { get; } = ["plain", "r1-zero", "chat"];
}
