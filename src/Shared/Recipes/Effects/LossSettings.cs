namespace R1Cloud.Shared.Recipes.Effects;

/// <summary>What each policy loss reads of <see cref="PolicyLossRecipe"/> beyond what all of them do.</summary>
/// <param name="Reads">Names of properties.</param>
/// <param name="Aggregation">
/// How it makes one number of token losses, whatever the recipe says; null where the recipe says, or none of the named ways is it.
/// </param>
public sealed record LossSettings(IReadOnlySet<string> Reads, LossAggregation? Aggregation = null)
{
    /// <summary>Why k1 is not a KL term, and what to take for it.</summary>
    public const string WhyNotK1 =
        "k2 or k3: the gradient of k1 in the loss is that of log π alone, the same for every reference, so that it keeps nothing near any; "
        + "with klTimesRatio k1 has one, with klInReward it is no term of the loss, and klMetric measures it";

    private const string Low = nameof(PolicyLossRecipe.ClipLow), High = nameof(PolicyLossRecipe.ClipHigh);
    private const string TwoSided = nameof(PolicyLossRecipe.TwoSidedClip), Sequence = nameof(PolicyLossRecipe.SequenceRatio);
    private const string Mean = nameof(PolicyLossRecipe.Aggregation), Gate = nameof(PolicyLossRecipe.GateTemperatures);
    private const string Given = nameof(PolicyLossRecipe.Given), Taken = nameof(PolicyLossRecipe.Taken);

    private static readonly Dictionary<string, LossSettings> ByName = new(StringComparer.Ordinal)
    {
        ["grpo"] = Of([Low, High, TwoSided, Sequence, Mean]),
        ["dapo"] = Of([Low, High, TwoSided, Sequence], LossAggregation.TokenMean),
        ["dr-grpo"] = Of([Low, High, TwoSided, Sequence], LossAggregation.ConstantLength),
        ["gspo"] = Of([Low, High, TwoSided, Sequence, Mean]),
        ["cispo"] = Of([High, Sequence], LossAggregation.TokenMean),
        ["sapo"] = Of([Gate, Sequence, Mean]),
        ["luspo"] = Of([Low, High, TwoSided, Sequence]), // sums over tokens
        ["vespo"] = Of([Given, Taken], LossAggregation.TokenMean),
        ["dppo"] = Of([Low, High, Sequence], LossAggregation.TokenMean),
    };

    /// <summary>The settings that some losses read and others do not.</summary>
    public static IReadOnlyCollection<string> Particular { get; } = [Low, High, TwoSided, Sequence, Mean, Gate, Given, Taken];

    /// <summary>The losses' names.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>What a loss reads; a name that is none's reads everything.</summary>
    public static LossSettings Of(string name) => ByName.GetValueOrDefault(name) ?? new(Particular.ToHashSet());

    /// <summary>The losses that read a setting.</summary>
    public static IEnumerable<string> ReadersOf(string property) =>
        ByName.Where(loss => loss.Value.Reads.Contains(property)).Select(loss => loss.Key);

    private static LossSettings Of(string[] reads, LossAggregation? aggregation = null) =>
        new(reads.ToHashSet(StringComparer.Ordinal), aggregation);
}
