namespace R1Cloud.Shared.Recipes;

/// <summary>
/// Names that a recipe may use and the trainer registers. They stand here so that a recipe is checked before any worker starts; a test of
/// the trainer holds these lists and its registries equal.
/// </summary>
public static class KnownNames
{
    /// <summary>Reward functions.</summary>
    public static IReadOnlyList<string> Rewards { get; } = ["accuracy/exact", "format/think-answer", "length/overlong"];

    /// <summary>Policy losses.</summary>
    public static IReadOnlyList<string> Losses { get; } = ["grpo", "dapo", "dr-grpo", "gspo", "cispo", "sapo", "luspo", "vespo"];
}
