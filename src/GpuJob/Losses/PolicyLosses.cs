using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Losses;

/// <summary>
/// Policy losses by name. Each is a token surrogate, a level at which the importance ratio ρ is taken (token, or sequence: the geometric
/// mean over a completion, GSPO) and an aggregation:
/// <list type="bullet">
/// <item><c>grpo</c> (DeepSeekMath eq. 3, DeepSeek-R1 eq. 1): min(ρA, clip(ρ)A); aggregation as set, by default the mean over a completion's tokens, then over completions;</item>
/// <item><c>dapo</c> (arXiv 2503.14476): the same, mean over all tokens;</item>
/// <item><c>dr-grpo</c> (arXiv 2503.20783): the same, sum over tokens divided by completions × length limit;</item>
/// <item><c>gspo</c> (arXiv 2507.18071): ρ of the sequence;</item>
/// <item><c>cispo</c> (arXiv 2506.13585): min(ρ, cap), detached, times A log π; mean over all tokens;</item>
/// <item><c>sapo</c> (Soft Adaptive Policy Optimization): a sigmoid gate instead of the clip.</item>
/// </list>
/// </summary>
internal static class PolicyLosses
{
    private static readonly Dictionary<string, Definition> Registry = new(StringComparer.Ordinal)
    {
        ["grpo"] = new(Clipped, SequenceRatio: false, null),
        ["dapo"] = new(Clipped, SequenceRatio: false, LossAggregation.TokenMean),
        ["dr-grpo"] = new(Clipped, SequenceRatio: false, LossAggregation.ConstantLength),
        ["gspo"] = new(Clipped, SequenceRatio: true, null),
        ["cispo"] = new(Cispo, SequenceRatio: false, LossAggregation.TokenMean),
        ["sapo"] = new(Sapo, SequenceRatio: false, null),
    };

    /// <summary>The names.</summary>
    public static IReadOnlyCollection<string> Names => Registry.Keys;

    /// <summary>Computes a loss and its metrics. Nothing is read back from the device.</summary>
    /// <param name="options">The loss.</param>
    /// <param name="input">What it is computed from.</param>
    /// <returns>Tensors in the caller's scope.</returns>
    /// <exception cref="ArgumentException">The KL weight is above 0 and the reference's log-probabilities are missing.</exception>
    public static PolicyLossResult Compute(PolicyLossOptions options, PolicyLossInput input)
    {
        if (options.KlWeight > 0 && input.ReferenceLogProbs is null) throw new ArgumentException("A KL weight above 0 needs the reference's log-probabilities.", nameof(input));
        var definition = Registry[options.Name];
        using var scope = NewDisposeScope();

        var logRatio = input.LogProbs - (input.OldLogProbs ?? input.LogProbs.detach());
        if (definition.SequenceRatio)
        {
            logRatio = (logRatio * input.Mask).sum(1, keepdim: true) / input.Mask.sum(1, keepdim: true).clamp(min: 1);
        }
        var ratio = logRatio.exp();
        var advantages = input.Advantages.unsqueeze(1);
        var losses = definition.Surrogate(options, ratio, advantages, input.LogProbs);

        Tensor? kl = null;
        if (input.ReferenceLogProbs is not null)
        {
            kl = KlEstimators.Compute(options.KlEstimator, input.LogProbs, input.ReferenceLogProbs);
            if (options.KlWeight > 0) losses += kl * options.KlWeight;
        }
        var loss = Aggregate(definition.Aggregation ?? options.Aggregation, losses, input, options.MaxNewTokens);
        var metrics = Metrics(options, input, ratio.detach(), advantages, kl?.detach());
        foreach (var metric in metrics.Values) metric.MoveToOuterDisposeScope();
        return new PolicyLossResult(loss.MoveToOuterDisposeScope(), metrics);
    }

    private static Tensor Clipped(PolicyLossOptions options, Tensor ratio, Tensor advantages, Tensor logProbs)
    {
        var free = options.TwoSidedClip is { } cap ? ratio.clamp(max: cap) : ratio;
        return -minimum(free * advantages, ratio.clamp(1 - options.ClipLow, 1 + options.ClipHigh) * advantages);
    }

    private static Tensor Cispo(PolicyLossOptions options, Tensor ratio, Tensor advantages, Tensor logProbs) =>
        -(ratio.clamp(max: options.ClipHigh).detach() * advantages * logProbs);

    private static Tensor Sapo(PolicyLossOptions options, Tensor ratio, Tensor advantages, Tensor logProbs)
    {
        const double Positive = 1.0, Negative = 1.05; // the paper's temperatures: a steeper gate where probability is taken away
        var temperature = where(advantages > 0, full_like(advantages, Positive), full_like(advantages, Negative));
        return -(((ratio - 1) * temperature).sigmoid() * 4 / temperature * advantages);
    }

    private static Tensor Aggregate(LossAggregation aggregation, Tensor losses, PolicyLossInput input, int maxNewTokens) => aggregation switch
    {
        LossAggregation.SequenceMean => ((losses * input.Mask).sum(1) / input.Mask.sum(1).clamp(min: 1)).sum() / input.TotalRows,
        LossAggregation.TokenMean => (losses * input.Mask).sum() / Math.Max(1, input.TotalTokens),
        LossAggregation.ConstantLength => (losses * input.Mask).sum() / (input.TotalRows * maxNewTokens),
        _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, null),
    };

    /// <summary>Shares and means over the mini-batch's tokens (rows for a sequence ratio), so that the parts of a mini-batch add up.</summary>
    private static Dictionary<string, Tensor> Metrics(PolicyLossOptions options, PolicyLossInput input, Tensor ratio, Tensor advantages, Tensor? kl)
    {
        using var _ = no_grad();
        var byRow = ratio.shape[1] == 1 && input.Mask.shape[1] != 1;
        Tensor Mean(Tensor values) => byRow && values.shape[1] == 1
            ? values.sum() / input.TotalRows
            : (values * input.Mask).sum() / Math.Max(1, input.TotalTokens);

        var metrics = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["ratio"] = Mean(ratio) };
        if (options.Name is "cispo")
        {
            metrics["clip_ratio/high"] = Mean(((ratio > options.ClipHigh) & (advantages > 0)).to(ScalarType.Float32));
        }
        else if (options.Name is not "sapo")
        {
            metrics["clip_ratio/low"] = Mean(((ratio < 1 - options.ClipLow) & (advantages < 0)).to(ScalarType.Float32));
            metrics["clip_ratio/high"] = Mean(((ratio > 1 + options.ClipHigh) & (advantages > 0)).to(ScalarType.Float32));
            metrics["clip_ratio"] = metrics["clip_ratio/low"] + metrics["clip_ratio/high"];
        }
        if (kl is not null) metrics["kl"] = Mean(kl);
        if (input.Entropy is not null) metrics["entropy"] = Mean(input.Entropy.detach());
        return metrics;
    }

    private sealed record Definition(Func<PolicyLossOptions, Tensor, Tensor, Tensor, Tensor> Surrogate, bool SequenceRatio, LossAggregation? Aggregation);
}
