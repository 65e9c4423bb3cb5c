using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared.Metrics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>What a training does for an even load of experts; 0 turns a part off.</summary>
/// <param name="BiasStep">What a step moves an expert's correction by, against its load (DeepSeek-V3, arXiv 2412.19437, section
/// 2.1.2).</param>
/// <param name="SequenceLoss">Weight α of the balance loss of each sequence (equations 17 to 20).</param>
/// <param name="AuxiliaryLoss">Weight of the auxiliary loss over a pass (Switch Transformers, arXiv 2101.03961, equation 4), whose shares
/// and probabilities are means over all layers with experts, as transformers takes them.</param>
internal sealed record BalanceWeights(double BiasStep, double SequenceLoss, double AuxiliaryLoss);

/// <summary>
/// Balances a model's experts while it is trained: their losses' gradients join those of the routers' scores on the way back, and between
/// steps the corrections move. A pass is counted once, also where layers are computed a second time for the gradient.
/// </summary>
internal sealed class ExpertBalance : IDisposable
{
    private readonly CausalLm model;
    private readonly BalanceWeights weights;
    private readonly Dictionary<ExpertRouter, Tensor> loads = []; // [experts] of the step
    private Tensor? mask, perToken, shares, probabilities, loss; // [N, 1] twice; [experts] twice, of the pass; a scalar, of the step
    private IReadOnlyList<Segment> segments = [];
    private double tokens, sequences;

    /// <summary>Begins to balance a model.</summary>
    public ExpertBalance(CausalLm model, BalanceWeights weights)
    {
        (this.model, this.weights) = (model, weights);
        foreach (var router in model.Routers) router.Balance = this;
        model.Balance = this;
    }

    /// <summary>Prepares for a step's passes.</summary>
    /// <param name="sequences">Sequences of all of them.</param>
    /// <param name="tokens">Tokens that all of them put through the model.</param>
    public void BeginStep(int sequences, int tokens) => (this.sequences, this.tokens) = (sequences, tokens);

    /// <summary>Takes note of a pass's layout; called by the model.</summary>
    public void Enter(TokenLayout layout)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        segments = layout.Segments;
        var real = layout.Lengths.gt(Scalars.Zero).to(ScalarType.Float32).unsqueeze(1);
        Replace(ref mask, real);
        Replace(ref perToken, real / BySequence(real).clamp_min(Scalars.One));
        Replace(ref shares, null);
        Replace(ref probabilities, null);
    }

    /// <summary>
    /// Looks at a router's scores [N, experts]: the same numbers, whose gradient is joined by that of the balance losses.
    /// </summary>
    /// <param name="router">The router.</param>
    /// <param name="scores">Its scores, of padding too.</param>
    /// <param name="chosen">Experts chosen, int64 [N, k].</param>
    public Tensor Watch(ExpertRouter router, Tensor scores, Tensor chosen)
    {
        if (mask is null || sequences == 0) return scores;
        using var scope = NewDisposeScope();
        var again = model.Recompute && is_grad_enabled(); // for the gradient alone
        var (push, value) = Push(router, scores.detach(), chosen, counts: !again);
        if (value is not null && !again) Replace(ref loss, loss is null ? value : loss.add(value, Scalars.One));
        return is_grad_enabled() ? Joined.apply(scores, push, this).MoveToOuterDisposeScope() : scores;
    }

    /// <summary>Moves the corrections, and gives the step's figures: scalars on the device.</summary>
    public IReadOnlyDictionary<string, Tensor> Step()
    {
        using var _ = no_grad();
        var (most, least) = (new List<Tensor>(), new List<Tensor>());
        foreach (var (router, load) in loads)
        {
            var even = load.mean();
            router.Correction?.add_((even - load).sign().to(ScalarType.Float32), Scalars.Of(weights.BiasStep));
            most.Add(load.max() / even);
            least.Add(load.min() / even);
            load.zero_();
        }
        var figures = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        if (most.Count > 0)
        {
            figures[MetricNames.ExpertLoadMax] = stack([.. most]).max();
            figures[MetricNames.ExpertLoadMin] = stack([.. least]).min();
        }
        if (loss is not null) figures[MetricNames.ExpertLoss] = loss.clone();
        Replace(ref loss, null);
        return figures;
    }

    // What joins the gradient of the scores, but for the factor that only the whole pass knows; and the loss where it is known now.
    private (Tensor Push, Tensor? Value) Push(ExpertRouter router, Tensor scores, Tensor chosen, bool counts)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var picked = zeros_like(scores).scatter_(1, chosen, ones_like(chosen, dtype: scores.dtype)) * mask!;
        if (counts) Count(router, picked.sum(dim: 0), (scores * mask!).sum(dim: 0));
        if (router.Correction is null) // over the pass: see Joined
            return (Scalars.Use(weights.AuxiliaryLoss * scores.shape[1] / (model.Routers.Count * tokens), factor => mask! * factor)
                .MoveToOuterDisposeScope(), null);
        // f · N/k of each token's own sequence, and s' = s / Σ s: α (f_j − Σ f s') / Σ s by T and sequences.
        var f = Scalars.Use((double)scores.shape[1] / chosen.shape[1], factor => BySequence(picked) * perToken! * factor);
        var total = scores.sum(1, keepdim: true);
        var mean = (f * scores).sum(1, keepdim: true) / total;
        var push = Scalars.Use(weights.SequenceLoss / sequences, factor => (f - mean) / total * perToken! * factor);
        var value = Scalars.Use(weights.SequenceLoss / sequences, factor => (mean * perToken!).sum() * factor);
        return (push.MoveToOuterDisposeScope(), value.MoveToOuterDisposeScope());
    }

    private void Count(ExpertRouter router, Tensor load, Tensor probability)
    {
        if (!loads.TryGetValue(router, out var sum))
            loads[router] = sum = zeros_like(load, dtype: ScalarType.Float64).DetachFromDisposeScope();
        sum.add_(load, Scalars.One);
        if (router.Correction is not null) return;
        Replace(ref shares, shares is null ? load.clone() : shares.add(load, Scalars.One));
        Replace(ref probabilities, probabilities is null ? probability.clone() : probabilities.add(probability, Scalars.One));
    }

    /// <summary>Ends a pass: the auxiliary loss is known once all layers have been.</summary>
    public void EndPass()
    {
        if (shares is null) return;
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var all = Scalars.Use(model.Routers.Count, layers => mask!.sum() * layers);
        var value = Scalars.Use(weights.AuxiliaryLoss * shares.shape[0] / (tokens * model.Routers.Count),
            factor => (shares / all * probabilities!).sum() * factor);
        Replace(ref loss, loss is null ? value : loss.add(value, Scalars.One));
    }

    // The share of a pass's choices that fell on each expert, over all layers [experts], per token.
    private Tensor PassShares() => Scalars.Use(model.Routers.Count, layers => shares! / (mask!.sum() * layers));

    // The sum over each token's sequence, at each of its tokens.
    private Tensor BySequence(Tensor values)
    {
        var (parts, start) = (new List<Tensor>(), 0L);
        foreach (var (rows, length) in segments)
        {
            var part = values.narrow(0, start, rows * length).view(rows, length, -1);
            parts.Add(part.sum(1, keepdim: true).expand(rows, length, -1).reshape(rows * length, -1));
            start += rows * length;
        }
        return parts.Count == 1 ? parts[0] : cat(parts);
    }

    private static void Replace(ref Tensor? kept, Tensor? next)
    {
        _ = next?.DetachFromDisposeScope();
        kept?.Dispose();
        kept = next;
    }

    public void Dispose()
    {
        foreach (var router in model.Routers) router.Balance = null;
        model.Balance = null;
        foreach (var load in loads.Values) load.Dispose();
        foreach (var tensor in new[] { mask, perToken, shares, probabilities, loss }) tensor?.Dispose();
    }

    // The scores themselves; on the way back the balance loss's gradient is added to theirs.
    private sealed class Joined : autograd.SingleTensorFunction<Joined>
    {
        public override string Name => nameof(Joined);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (scores, push, balance) = ((Tensor)vars[0], (Tensor)vars[1], (ExpertBalance)vars[2]);
            using var _ = no_grad();
            ctx.save_for_backward([push]);
            ctx.save_data("balance", balance);
            return scores.clone();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            var balance = (ExpertBalance)ctx.get_data("balance");
            var push = ctx.get_saved_variables()[0];
            if (balance.shares is not null) push = push * balance.PassShares(); // all layers have been seen by now
            return GradientHandover.Return(ctx, grad_output.add(push, Scalars.One), null, null);
        }
    }
}
