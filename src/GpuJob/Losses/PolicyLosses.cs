using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Losses;

/// <summary>
/// Policy losses by name. Each is a token surrogate, a level at which the importance ratio ρ is taken (token, or sequence: the geometric
/// mean over a completion, GSPO) and an aggregation:
/// <list type="bullet">
/// <item><c>grpo</c> (DeepSeekMath eq. 3, DeepSeek-R1 eq. 1): min(ρA, clip(ρ)A); aggregation as set, by default the mean over a
/// completion's tokens, then over completions;</item>
/// <item><c>dapo</c> (arXiv 2503.14476): the same, mean over all tokens;</item>
/// <item><c>dr-grpo</c> (arXiv 2503.20783): the same, sum over tokens divided by completions × length limit;</item>
/// <item><c>gspo</c> (arXiv 2507.18071): ρ of the sequence;</item>
/// <item><c>cispo</c> (arXiv 2506.13585): min(ρ, cap), detached, times A log π; mean over all tokens;</item>
/// <item><c>sapo</c> (Soft Adaptive Policy Optimization): a sigmoid gate instead of the clip;</item>
/// <item><c>luspo</c> (Length-Unbiased Sequence Policy Optimization): ρ of the sequence, summed over a completion's tokens, mean over
/// completions;</item>
/// <item><c>vespo</c> (Variational Sequence-level Soft Policy Optimization): the sequence's whole ratio w through φ = e^λ wᵏ e^(−λw),
/// detached, times A log π; mean over all tokens;</item>
/// <item><c>dppo</c> (Divergence PPO with the binary total variation): ρA, but nothing where |π − π_old| of the sampled token has grown
/// beyond the bound in the direction in which A pushes it; mean over all tokens.</item>
/// </list>
/// </summary>
internal static class PolicyLosses
{
    private static readonly Dictionary<string, Definition> Registry = new(StringComparer.Ordinal)
    {
        ["grpo"] = new(Clipped, SequenceRatio: false, null, BeyondClip),
        ["dapo"] = new(Clipped, SequenceRatio: false, TokenMean, BeyondClip),
        ["dr-grpo"] = new(Clipped, SequenceRatio: false, ConstantLength, BeyondClip),
        ["gspo"] = new(Clipped, SequenceRatio: true, null, BeyondClip),
        ["cispo"] = new(Cispo, SequenceRatio: false, TokenMean, BeyondCap),
        ["sapo"] = new(Sapo, SequenceRatio: false, null, null),
        ["luspo"] = new(Clipped, SequenceRatio: true, SequenceSum, BeyondClip),
        ["vespo"] = new(Vespo, SequenceRatio: false, TokenMean, null),
        ["dppo"] = new(Dppo, SequenceRatio: false, TokenMean, BeyondDivergence),
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
        if (options.KlWeight > 0 && input.ReferenceLogProbs is null)
            throw new ArgumentException("A KL weight above 0 needs the reference's log-probabilities.", nameof(input));
        var definition = Registry[options.Name];
        using var scope = NewDisposeScope();

        var tokenLogRatio = input.LogProbs - (input.OldLogProbs ?? input.LogProbs.detach());
        var logRatio = tokenLogRatio;
        if (options.SequenceRatio ?? definition.SequenceRatio)
        {
            logRatio = (logRatio * input.Mask).sum(1, keepdim: true) / input.Mask.sum(1, keepdim: true).clamp(min: Scalars.One);
        }
        var ratio = logRatio.exp();
        var advantages = input.Advantages.dim() == 2 ? input.Advantages : input.Advantages.unsqueeze(1);
        if (input.TeacherLogProbs is { } teacher)
            advantages = advantages.add(teacher - input.LogProbs.detach(), Scalars.Of(input.TeacherWeight));
        var losses = definition.Surrogate(options, ratio, advantages, input);
        if (options.OffPolicyThreshold is { } threshold)
            losses = losses * NearPolicy(tokenLogRatio.detach(), advantages, input.Mask, threshold);
        if (options.HighEntropyShare < 1) losses = losses * HighEntropy(input, options.HighEntropyShare);

        if (input.TokenWeights is { } weights) losses = losses * weights;

        Tensor? kl = null;
        if (input.ReferenceLogProbs is not null)
        {
            kl = KlEstimators.Compute(options.KlEstimator, input.LogProbs, input.ReferenceLogProbs);
            if (options.KlTimesRatio) kl = kl * ratio;
            if (options.KlWeight > 0) losses = losses.add(kl * Scalars.Of(options.KlWeight), Scalars.One);
            if (options.KlMetric is { } measured) kl = KlEstimators.Compute(measured, input.LogProbs.detach(), input.ReferenceLogProbs);
        }
        var loss = (definition.Aggregate ?? Aggregations[options.Aggregation])(losses, input, options.MaxNewTokens);
        var metrics = Metrics(definition.Clips?.Invoke(options, ratio.detach(), advantages, input), input, ratio.detach(), kl?.detach());
        if (input.TeacherLogProbs is not null)
            metrics[MetricNames.TeacherReverseKl] = TokenMean(input.LogProbs.detach() - input.TeacherLogProbs, input, 0);
        foreach (var metric in metrics.Values) metric.MoveToOuterDisposeScope();
        return new PolicyLossResult(loss.MoveToOuterDisposeScope(), metrics);
    }

    private static Tensor Clipped(PolicyLossOptions options, Tensor ratio, Tensor advantages, PolicyLossInput input)
    {
        var free = options.TwoSidedClip is { } cap ? ratio.clamp(max: Scalars.Of(cap)) : ratio;
        return -minimum(free * advantages, ratio.clamp(Scalars.Of(1 - options.ClipLow), Scalars.Of(1 + options.ClipHigh)) * advantages);
    }

    private static Tensor Cispo(PolicyLossOptions options, Tensor ratio, Tensor advantages, PolicyLossInput input) =>
        -(ratio.clamp(max: Scalars.Of(options.ClipHigh)).detach() * advantages * input.LogProbs);

    private static Tensor Sapo(PolicyLossOptions options, Tensor ratio, Tensor advantages, PolicyLossInput input)
    {
        var temperature =
            where(advantages > Scalars.Zero, full_like(advantages, Scalars.Of(options.GateTemperatures.Positive)),
                full_like(advantages, Scalars.Of(options.GateTemperatures.Negative)));
        return -(((ratio - Scalars.One) * temperature).sigmoid() * Scalars.Of(4) / temperature * advantages);
    }

    private static Tensor Vespo(PolicyLossOptions options, Tensor ratio, Tensor advantages, PolicyLossInput input)
    {
        var (given, taken) = (options.Given, options.Taken);
        Scalar least = Scalars.Of(-20.0), most = Scalars.Of(20.0);
        Tensor weight;
        using (no_grad())
        {
            var logW = (ratio.log().clamp(least, most) * input.Mask).sum(1, keepdim: true).clamp(least, most);
            Tensor Choose(double positive, double negative) =>
                where(advantages >= Scalars.Zero, full_like(advantages, Scalars.Of(positive)), full_like(advantages, Scalars.Of(negative)));
            Tensor k = Choose(given.K, taken.K), lambda = Choose(given.Lambda, taken.Lambda);
            weight = (lambda.add(k * logW, Scalars.One) - (lambda * logW.exp())).exp();
        }
        return -(weight * advantages * input.LogProbs);
    }

    private static Tensor Dppo(PolicyLossOptions options, Tensor ratio, Tensor advantages, PolicyLossInput input)
    {
        var (low, high) = BeyondDivergence(options, ratio, advantages, input);
        return -(ratio * advantages * (low! | high).logical_not().to(ScalarType.Float32));
    }

    // Where the clip acts: ratios below it that shall fall, ratios above it that shall rise.
    private static (Tensor? Low, Tensor High) BeyondClip(PolicyLossOptions options, Tensor ratio, Tensor advantages,
        PolicyLossInput input) =>
        ((ratio < Scalars.Of(1 - options.ClipLow)) & (advantages < Scalars.Zero),
            (ratio > Scalars.Of(1 + options.ClipHigh)) & (advantages > Scalars.Zero));

    private static (Tensor? Low, Tensor High) BeyondCap(PolicyLossOptions options, Tensor ratio, Tensor advantages,
        PolicyLossInput input) =>
        (null, (ratio > Scalars.Of(options.ClipHigh)) & (advantages > Scalars.Zero));

    // The same by the total variation between π and π_old as distributions over "this token" and "another one": |π − π_old|.
    private static (Tensor? Low, Tensor High) BeyondDivergence(PolicyLossOptions options, Tensor ratio, Tensor advantages,
        PolicyLossInput input)
    {
        using var _ = no_grad();
        var change = input.LogProbs.exp() - (input.OldLogProbs ?? input.LogProbs).exp();
        return ((-change > Scalars.Of(options.ClipLow)) & (advantages < Scalars.Zero),
            (change > Scalars.Of(options.ClipHigh)) & (advantages > Scalars.Zero));
    }

    // 1 for completions that the surrogate keeps, [B, 1].
    private static Tensor NearPolicy(Tensor logRatio, Tensor advantages, Tensor mask, double threshold)
    {
        var drift = (-logRatio * mask).sum(1, keepdim: true) / mask.sum(1, keepdim: true).clamp(min: Scalars.One);
        return ((advantages >= Scalars.Zero) | (drift <= Scalars.Of(threshold))).to(ScalarType.Float32);
    }

    // 1 at the share of the tokens whose entropy is highest, [B, C].
    private static Tensor HighEntropy(PolicyLossInput input, double share)
    {
        using var _ = no_grad();
        var entropy = (input.Entropy ?? throw new ArgumentException("A share of high-entropy tokens needs the entropies.", nameof(input)))
            .detach();
        var least = input.EntropyThreshold is { } given
            ? Scalars.Use(given, bound => full([], bound, dtype: ScalarType.Float32, device: entropy.device))
            : entropy.masked_select(input.Mask > Scalars.Zero).quantile(tensor((float)(1 - share), device: entropy.device));
        return ((entropy >= least) & (input.Mask > Scalars.Zero)).to(ScalarType.Float32);
    }

    /// <summary>The entropy from which on tokens are among a share of those of highest entropy.</summary>
    /// <param name="entropies">Entropies of all tokens of a mini-batch.</param>
    /// <param name="share">The share.</param>
    public static double EntropyThreshold(float[] entropies, double share)
    {
        Array.Sort(entropies);
        var at = (1 - share) * (entropies.Length - 1);
        var (low, high) = (entropies[(int)Math.Floor(at)], entropies[(int)Math.Ceiling(at)]);
        return low + ((high - low) * (at - Math.Floor(at)));
    }

    private static readonly Dictionary<LossAggregation, Func<Tensor, PolicyLossInput, int, Tensor>> Aggregations = new()
    {
        [LossAggregation.SequenceMean] = SequenceMean,
        [LossAggregation.TokenMean] = TokenMean,
        [LossAggregation.ConstantLength] = ConstantLength,
    };

    private static Tensor SequenceMean(Tensor losses, PolicyLossInput input, int maxNewTokens) =>
        Over(((losses * input.Mask).sum(1) / input.Mask.sum(1).clamp(min: Scalars.One)).sum(), input.TotalRows);

    private static Tensor SequenceSum(Tensor losses, PolicyLossInput input, int maxNewTokens) =>
        Over((losses * input.Mask).sum(), input.TotalRows);

    private static Tensor TokenMean(Tensor losses, PolicyLossInput input, int maxNewTokens) =>
        Over((losses * input.Mask).sum(), Math.Max(1, input.TotalTokens));

    private static Tensor ConstantLength(Tensor losses, PolicyLossInput input, int maxNewTokens) =>
        Over((losses * input.Mask).sum(), input.TotalRows * maxNewTokens);

    private static Tensor Over(Tensor sum, double count) => Scalars.Use(count, divisor => sum / divisor);

    // Shares and means over the mini-batch's tokens (rows for a sequence ratio), so that the parts of a mini-batch add up.
    private static Dictionary<string, Tensor> Metrics((Tensor? Low, Tensor High)? clips, PolicyLossInput input, Tensor ratio, Tensor? kl)
    {
        using var _ = no_grad();
        var byRow = ratio.shape[1] == 1 && input.Mask.shape[1] != 1;
        Tensor Mean(Tensor values) => byRow && values.shape[1] == 1
            ? Over(values.sum(), input.TotalRows)
            : Over((values * input.Mask).sum(), Math.Max(1, input.TotalTokens));

        var metrics = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["ratio"] = Mean(ratio) };
        if (clips is { } acting)
        {
            if (acting.Low is not null) metrics["clip_ratio/low"] = Mean(acting.Low.to(ScalarType.Float32));
            metrics["clip_ratio/high"] = Mean(acting.High.to(ScalarType.Float32));
            if (acting.Low is not null)
                metrics["clip_ratio"] = metrics["clip_ratio/low"].add(metrics["clip_ratio/high"], Scalars.One);
        }
        if (kl is not null) metrics["kl"] = Mean(kl);
        if (input.Entropy is not null) metrics["entropy"] = Mean(input.Entropy.detach());
        return metrics;
    }

    private sealed record Definition(Func<PolicyLossOptions, Tensor, Tensor, PolicyLossInput, Tensor> Surrogate, bool SequenceRatio,
        Func<Tensor, PolicyLossInput, int, Tensor>? Aggregate,
        Func<PolicyLossOptions, Tensor, Tensor, PolicyLossInput, (Tensor? Low, Tensor High)>? Clips);
}
