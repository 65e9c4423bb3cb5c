using R1Cloud.GpuJob.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// A mixture of experts (DeepSeek-V3, arXiv 2412.19437, section 2.1.2): a few routed experts a token, and maybe shared ones for all.
/// </summary>
internal sealed class MixtureOfExperts : nn.Module<Tensor, Tensor>
{
    private readonly ExpertRouter router;

    /// <summary>Chooses the experts.</summary>
    public ExpertRouter Router => router;

    private readonly GatedFeedForward[] experts;
    private readonly GatedFeedForward? shared;

    public MixtureOfExperts(ModelConfig config, Placement placement)
        : base(nameof(MixtureOfExperts))
    {
        var settings = config.Experts!;
        router = new ExpertRouter(config.HiddenSize, settings, placement);
        experts = [.. Enumerable.Range(0, settings.Routed)
            .Select(_ => new GatedFeedForward(config, settings.IntermediateSize, placement))];
        register_module("gate", router);
        register_module("experts", new Numbered(experts));
        if (settings.Shared == 0) return;
        shared = new GatedFeedForward(config, settings.IntermediateSize * settings.Shared, placement);
        register_module("shared_experts", shared);
    }

    /// <summary>
    /// x [N, hidden] → the same shape. Tokens are sorted by expert, so each expert is one product over its own; how many each has must be
    /// known on the host, which costs one synchronisation. An expert that none chose sees an empty batch and gets a zero gradient.
    /// </summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (chosen, weights) = router.Route(x); // [N, k] twice
        long tokens = chosen.shape[0], perToken = chosen.shape[1];
        var (sorted, order) = chosen.flatten().sort(0, descending: false, stable: true);
        var counts = sorted.bincount(null, experts.Length).cpu().data<long>().ToArray();
        var inputs = x.index_select(0, order.div(Scalars.Of(perToken), rounding_mode: RoundingMode.floor));

        var outputs = new Tensor[experts.Length];
        long start = 0;
        for (var expert = 0; expert < experts.Length; start += counts[expert++])
        {
            outputs[expert] = experts[expert].forward(inputs.narrow(0, start, counts[expert]));
        }
        // Back to the tokens' order by the inverse permutation: no additions whose order could vary.
        var inverse = empty_like(order).scatter_(0, order, Scalars.Range(order.shape[0], x.device));
        var byToken = cat(outputs).index_select(0, inverse).view(tokens, perToken, -1);
        var mixed = (byToken * weights.As(x.dtype).unsqueeze(-1)).sum(1);
        return (shared is null ? mixed : mixed.add(shared.forward(x), Scalars.One)).MoveToOuterDisposeScope();
    }
}

/// <summary>Chooses experts, in float32.</summary>
internal sealed class ExpertRouter : nn.Module
{
    private readonly ExpertsConfig settings;
    private readonly Parameter weight;
    private readonly Tensor? correction;

    /// <summary>What balances the experts while they are trained, or null.</summary>
    public ExpertBalance? Balance { get; set; }

    /// <summary>Added to scores for the choice alone, float32 [experts]; null where the architecture has none.</summary>
    public Tensor? Correction => correction;

    public ExpertRouter(int hidden, ExpertsConfig settings, Placement placement)
        : base(nameof(ExpertRouter))
    {
        this.settings = settings;
        weight = new ModelWeight([settings.Routed, hidden], placement, exact: true);
        register_parameter("weight", weight);
        if (settings.Scoring == ExpertScoring.Softmax) return;
        correction = zeros([settings.Routed], dtype: ScalarType.Float32, device: placement.Device).DetachFromDisposeScope();
        register_buffer("e_score_correction_bias", correction); // set by whoever balanced the load, not by gradients
    }

    /// <summary>x [N, hidden] → the chosen experts int64 [N, k] and their weights float32 [N, k], which are differentiable.</summary>
    public (Tensor Chosen, Tensor Weights) Route(Tensor x)
    {
        using var scope = NewDisposeScope();
        var logits = nn.functional.linear(x.As(ScalarType.Float32), weight.As(ScalarType.Float32));
        var scores = settings.Scoring == ExpertScoring.Softmax ? logits.softmax(-1) : logits.sigmoid();
        var chosen = Choose(scores.detach());
        if (Balance is not null) scores = Balance.Watch(this, scores, chosen);
        var weights = scores.gather(1, chosen);
        if (settings.Normalize) weights /= weights.sum(-1, keepdim: true).add(Scalars.Of(1e-20), Scalars.One);
        return (chosen.MoveToOuterDisposeScope(), (weights * Scalars.Of(settings.Scale)).MoveToOuterDisposeScope());
    }

    private Tensor Choose(Tensor scores)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var corrected = correction is null ? scores : scores.add(correction, Scalars.One);
        if (settings.ChosenGroups < settings.Groups)
        {
            var size = settings.Routed / settings.Groups;
            var grouped = corrected.view(-1, settings.Groups, size);
            // A group is as good as its two best experts. Those of other groups count 0, as in the published code: not −∞.
            var strength = grouped.topk(Math.Min(2, size), -1).values.sum(-1);
            var best = strength.topk(settings.ChosenGroups, -1, sorted: false).indexes;
            var open = zeros_like(strength, dtype: ScalarType.Bool).scatter_(1, best, ones_like(best, dtype: ScalarType.Bool));
            corrected = grouped.masked_fill(open.logical_not().unsqueeze(-1), Scalars.Zero).flatten(1);
        }
        return corrected.topk(settings.PerToken, -1, sorted: false).indexes.MoveToOuterDisposeScope();
    }
}
