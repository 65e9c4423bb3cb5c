using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Effects;

namespace R1Cloud.GpuJob.Losses;

/// <summary>A policy loss with everything it needs to know.</summary>
internal sealed record PolicyLossOptions
{
    /// <summary>A name that <see cref="PolicyLosses"/> knows.</summary>
    public required string Name { get; init; }
    /// <summary>Ratios below 1 − this are clipped.</summary>
    public double ClipLow { get; init; } = 0.2;
    /// <summary>Ratios above 1 + this are clipped; for cispo the cap itself.</summary>
    public double ClipHigh { get; init; } = 0.2;
    /// <summary>Cap on the unclipped ratio as well (dual clip, INTELLECT-2); null for none.</summary>
    public double? TwoSidedClip { get; init; }
    /// <summary>Whether the importance ratio is the sequence's rather than each token's; null for what the name says.</summary>
    public bool? SequenceRatio { get; init; }
    /// <summary>
    /// Temperatures of sapo's gate for advantages above 0 and for others; by default the paper's, steeper where probability is taken away.
    /// </summary>
    public (double Positive, double Negative) GateTemperatures { get; init; } = (1.0, 1.05);
    /// <summary>k and λ of vespo's φ where probability is given; by default the paper's.</summary>
    public (double K, double Lambda) Given { get; init; } = (2, 3);
    /// <summary>The same where it is taken away.</summary>
    public (double K, double Lambda) Taken { get; init; } = (3, 2);
    /// <summary>Weight β of the KL term; 0 for none.</summary>
    public double KlWeight { get; init; }
    /// <summary>
    /// Whether the KL term is weighted by the importance ratio, which makes its gradient unbiased off policy (DeepSeek-V3.2, arXiv
    /// 2512.02556).
    /// </summary>
    public bool KlTimesRatio { get; init; }
    /// <summary>Share of the tokens, those of highest entropy, that the surrogate acts on (arXiv 2506.01939); 1 for all.</summary>
    public double HighEntropyShare { get; init; } = 1;
    /// <summary>
    /// Completions of negative advantage whose mean log π_old − log π is above this are left out of the surrogate; null for none
    /// (DeepSeek-V3.2).
    /// </summary>
    public double? OffPolicyThreshold { get; init; }
    /// <summary>The KL estimator.</summary>
    public KlEstimator KlEstimator { get; init; } = KlEstimator.K3;
    /// <summary>The KL estimator of the metric; null for the loss's own.</summary>
    public KlEstimator? KlMetric { get; init; }
    /// <summary>How token losses become one number, where the name does not say.</summary>
    public LossAggregation Aggregation { get; init; } = LossAggregation.SequenceMean;
    /// <summary>The length limit of a completion: the divisor of <see cref="LossAggregation.ConstantLength"/>.</summary>
    public int MaxNewTokens { get; init; } = 1;

    /// <summary>Takes a recipe's settings over.</summary>
    /// <param name="recipe">The settings.</param>
    /// <param name="maxNewTokens">The completions' length limit.</param>
    /// <exception cref="BadInputException">Names the field, value and what is allowed.</exception>
    public static PolicyLossOptions From(PolicyLossRecipe recipe, int maxNewTokens)
    {
        var options = new PolicyLossOptions
        {
            Name = recipe.Name,
            ClipLow = recipe.ClipLow,
            ClipHigh = recipe.ClipHigh,
            TwoSidedClip = recipe.TwoSidedClip,
            SequenceRatio = recipe.SequenceRatio,
            GateTemperatures = (recipe.GateTemperatures.Positive, recipe.GateTemperatures.Negative),
            Given = (recipe.Given.K, recipe.Given.Lambda),
            Taken = (recipe.Taken.K, recipe.Taken.Lambda),
            HighEntropyShare = recipe.HighEntropyShare,
            OffPolicyThreshold = recipe.OffPolicyThreshold,
            KlWeight = recipe.KlInReward ? 0 : recipe.KlWeight,
            KlEstimator = recipe.KlEstimator,
            KlTimesRatio = recipe.KlTimesRatio,
            KlMetric = recipe.KlMetric,
            Aggregation = recipe.Aggregation ?? LossAggregation.SequenceMean,
            MaxNewTokens = maxNewTokens,
        };
        options.Validate();
        return options;
    }

    /// <summary>Checks every field.</summary>
    /// <exception cref="BadInputException">Names the field, value and what is allowed.</exception>
    public void Validate()
    {
        if (!PolicyLosses.Names.Contains(Name)) throw Error("name", $"'{Name}'", string.Join(", ", PolicyLosses.Names));
        if (!(ClipLow >= 0)) throw Error("clipLow", ClipLow, "0 or more");
        if (!(ClipHigh >= 0)) throw Error("clipHigh", ClipHigh, "0 or more");
        if (Name == "cispo" && ClipHigh < 1)
            throw Error("clipHigh", ClipHigh, "1 or more with cispo, where it is the cap on the ratio itself");
        if (Name != "cispo" && TwoSidedClip is { } cap && !(cap > 1 + ClipHigh))
            throw Error("twoSidedClip", cap, $"above 1 + clipHigh ({1 + ClipHigh})");
        if (!(KlWeight >= 0) || double.IsInfinity(KlWeight)) throw Error("klWeight", KlWeight, "0 or more");
        if (KlWeight > 0 && KlEstimator == KlEstimator.K1 && !KlTimesRatio) throw Error("klEstimator", "k1", LossSettings.WhyNotK1);
        if (!(GateTemperatures is { Positive: > 0, Negative: > 0 })) throw Error("gateTemperatures", GateTemperatures, "numbers above 0");
        if (!(Given is { K: >= 0, Lambda: >= 0 })) throw Error("given", Given, "numbers from 0");
        if (!(Taken is { K: >= 0, Lambda: >= 0 })) throw Error("taken", Taken, "numbers from 0");
        if (!(HighEntropyShare > 0 && HighEntropyShare <= 1)) throw Error("highEntropyShare", HighEntropyShare, "above 0, up to 1");
        if (OffPolicyThreshold is { } threshold && !(threshold >= 0)) throw Error("offPolicyThreshold", threshold, "0 or more");
        if (MaxNewTokens < 1) throw Error("maxNewTokens", MaxNewTokens, "1 or more");
    }

    private static BadInputException Error(string field, object value, string allowed) =>
        new(FormattableString.Invariant($"loss.{field} is {value}; allowed is {allowed}."));
}
