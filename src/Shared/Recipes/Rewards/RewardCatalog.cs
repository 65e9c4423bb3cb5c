
namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>
/// The rewards that a recipe may name, each with the record of its options. It stands here, not in the trainer, so that a recipe is checked
/// before any worker starts; a test of the trainer holds this list and its registry of functions equal.
/// </summary>
public static class RewardCatalog
{
    /// <summary>The rewards' names.</summary>
    public static IReadOnlyList<string> Names => field ??= [.. OptionTypes.Keys];

    /// <summary>The record of each reward's options, by the reward's name.</summary>
    public static IReadOnlyDictionary<string, Type> OptionTypes { get; } = new OrderedDictionary<string, Type>(StringComparer.Ordinal)
    {
        ["accuracy/code"] = typeof(CodeOptions),
        ["accuracy/exact"] = typeof(ExactOptions),
        ["accuracy/math"] = typeof(MathOptions),
        ["accuracy/regex"] = typeof(RegexRewardOptions),
        ["accuracy/multiple-choice"] = typeof(MultipleChoiceOptions),
        ["accuracy/countdown"] = typeof(CountdownOptions),
        ["format/think-answer"] = typeof(NoRewardOptions),
        ["format/r1-strict"] = typeof(NoRewardOptions),
        ["format/think"] = typeof(NoRewardOptions),
        ["format/tag-count"] = typeof(NoRewardOptions),
        ["format/reasoning-steps"] = typeof(ReasoningStepsOptions),
        ["language/consistency"] = typeof(LanguageOptions),
        ["length/overlong"] = typeof(OverlongOptions),
        ["length/cosine"] = typeof(CosineOptions),
        ["repetition/ngram"] = typeof(RepetitionOptions),
        ["instructions/ifeval"] = typeof(InstructionOptions),
        ["helpful/model"] = typeof(HelpfulModelOptions),
        ["safety/model"] = typeof(SafetyModelOptions),
    };

}

/// <summary>The reward has no options.</summary>
public sealed record NoRewardOptions;
