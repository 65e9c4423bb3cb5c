using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Scoring;

/// <summary>What a model gives to tokens.</summary>
/// <param name="LogProbs">Log-probabilities; differentiable.</param>
/// <param name="Entropy">Entropy in nats of the distribution that each token was drawn from; a metric, not differentiable.</param>
internal sealed record TokenScores(Tensor LogProbs, Tensor Entropy);

/// <summary>
/// Log-probabilities of given tokens under the distribution that sampling draws from: temperature, then truncation. Logits exist for a
/// chunk of positions at a time and are computed again for the gradient, because at real vocabularies they, not the parameters, fill the
/// memory.
/// </summary>
internal static class TokenScoring
{
    /// <summary>Scores a batch's tokens.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Sequences and which of their tokens are scored.</param>
    /// <param name="sampling">Temperature (above 0) and truncation; null for the plain distribution. The scored token always counts as
    /// kept.</param>
    /// <param name="chunk">Positions whose logits exist at once; 0 chooses by the vocabulary.</param>
    /// <returns>Two tensors [rows, scored], 0 at padding.</returns>
    public static TokenScores TokenLogProbs(this CausalLm model, TokenBatch batch, SamplingRecipe? sampling = null, int chunk = 0)
    {
        using var scope = NewDisposeScope();
        sampling ??= new SamplingRecipe();
        var scores = chunk == 0 && FusedScores.Cover(model, sampling)
            ? FusedScores.Score(model, batch, sampling)
            : Score(model, model.Hidden(batch.Layout).index_select(0, batch.Sources), batch.Targets, sampling, chunk);
        return new TokenScores(batch.Lay(scores.LogProbs).MoveToOuterDisposeScope(), batch.Lay(scores.Entropy).MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Scores a batch's tokens and keeps the logits over the temperature that gave them, which fill memory at large vocabularies.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Sequences and which of their tokens are scored.</param>
    /// <param name="temperature">Above 0.</param>
    /// <returns>float32 [scored tokens, vocabulary], differentiable, in the order of <see cref="TokenBatch.Targets"/>.</returns>
    public static Tensor TokenLogits(this CausalLm model, TokenBatch batch, double temperature)
    {
        using var scope = NewDisposeScope();
        var logits = model.ProjectTokens(model.Hidden(batch.Layout).index_select(0, batch.Sources));
        return (temperature == 1 ? logits : logits / Scalars.Of(temperature)).MoveToOuterDisposeScope();
    }

    /// <summary>What logits give to a batch's tokens, as <see cref="TokenLogProbs(CausalLm, TokenBatch, SamplingRecipe?, int)"/>.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="logits">[scored tokens, vocabulary].</param>
    public static TokenScores Scores(this TokenBatch batch, Tensor logits)
    {
        using var scope = NewDisposeScope();
        var all = logits.log_softmax(-1);
        var entropy = -(all.exp() * all.masked_fill(all.isneginf(), Scalars.Zero)).sum(-1);
        return new TokenScores(batch.Lay(all.gather(1, batch.Targets.unsqueeze(1)).squeeze(1)).MoveToOuterDisposeScope(),
            batch.Lay(entropy.detach()).MoveToOuterDisposeScope());
    }

    /// <summary>Scores a token at every position.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">Input ids, int64 [B, T], right-padded.</param>
    /// <param name="targets">The token after each, int64 [B, T].</param>
    /// <param name="sampling">As above.</param>
    /// <param name="chunk">As above.</param>
    /// <returns>Two tensors [B, T].</returns>
    public static TokenScores TokenLogProbs(this CausalLm model, Tensor ids, Tensor targets, SamplingRecipe? sampling = null, int chunk = 0)
    {
        using var scope = NewDisposeScope();
        var scores = Score(model, model.Hidden(TokenLayout.OfRows(ids)), targets.flatten(), sampling, chunk);
        return new TokenScores(scores.LogProbs.view(ids.shape).MoveToOuterDisposeScope(),
            scores.Entropy.view(ids.shape).MoveToOuterDisposeScope());
    }

    // Scores targets [N] by hidden states [N, D]: two tensors [N].
    private static TokenScores Score(CausalLm model, Tensor hidden, Tensor targets, SamplingRecipe? sampling, int chunk)
    {
        var head = model.HeadWeight;
        sampling ??= new SamplingRecipe();
        if (sampling.Temperature <= 0)
            throw new ArgumentOutOfRangeException(nameof(sampling), sampling.Temperature, "Scoring needs a temperature above 0.");
        if (chunk <= 0) chunk = ChunkOf(head.shape[0], model.Device.type);
        var entropy = empty([hidden.shape[0]], dtype: ScalarType.Float32, device: hidden.device);
        return new TokenScores(ChunkedLogProbs.apply(hidden, head, targets, new Distribution(sampling, model.UnusedMask),
            new HeadUse(chunk, head is ModelWeight { Master: not null } kept ? kept.Lowered : null), entropy), entropy);
    }

    /// <summary>Positions whose logits exist at once.</summary>
    /// <param name="vocabulary">Rows of the output projection.</param>
    /// <param name="device">What computes them.</param>
    internal static int ChunkOf(long vocabulary, DeviceType device) =>
        (int)Math.Clamp((device == DeviceType.CPU ? LogitsAtOnce.OnCpu : LogitsAtOnce.OnGpu) / vocabulary, 64, int.MaxValue);

    // What tokens are drawn from.
    // Sampling: Temperature and truncation.
    // Unused: Ids of no token, bool [V], or null.
    private sealed record Distribution(SamplingRecipe Sampling, Tensor? Unused);

    // How the head is used.
    // Chunk: Positions whose logits exist at once.
    // Lowered: What is computed with in place of the head, or null.
    private sealed record HeadUse(int Chunk, Tensor? Lowered)
    {
        public Tensor Of(Tensor head, ScalarType type) => Lowered ?? head.As(type);
    }

    // With s = logits / T and p their softmax over the kept tokens: log p(y) = s_y − lse(s), ∂log p(y)/∂s = 1_y − p and H = lse(s) − Σ p s.
    // The entropy is filled in on the way.
    private sealed class ChunkedLogProbs : autograd.SingleTensorFunction<ChunkedLogProbs>
    {
        public override string Name => nameof(ChunkedLogProbs);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (hidden, head, targets) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
            var (distribution, use, entropy) = ((Distribution)vars[3], (HeadUse)vars[4], (Tensor)vars[5]);
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            var logProbs = empty_like(entropy);
            var lowered = use.Of(head, hidden.dtype);
            foreach (var (start, count) in Chunks(hidden.shape[0], use.Chunk))
            {
                using var inner = NewDisposeScope();
                var target = targets.narrow(0, start, count).unsqueeze(1);
                var scaled = Scaled(hidden.narrow(0, start, count), lowered, target, distribution, out var kept);
                var logZ = scaled.logsumexp(-1);
                logProbs.narrow(0, start, count).copy_(scaled.gather(1, target).squeeze(1) - logZ);
                var p = (scaled - logZ.unsqueeze(1)).exp_();
                entropy.narrow(0, start, count).copy_(logZ - (p * kept).sum(-1));
            }
            ctx.save_for_backward([hidden, head, targets]);
            ctx.save_data("distribution", distribution);
            ctx.save_data("use", use);
            return logProbs.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            var saved = ctx.get_saved_variables();
            var (hidden, head, targets) = (saved[0], saved[1], saved[2]);
            var (distribution, use) = ((Distribution)ctx.get_data("distribution"), (HeadUse)ctx.get_data("use"));
            var hiddenGradient = empty_like(hidden);
            // Frozen below an adapter.
            var headGradient = head.requires_grad ? zeros(head.shape, dtype: head.dtype, device: head.device) : null;
            var lowered = use.Of(head, hidden.dtype);
            foreach (var (start, count) in Chunks(hidden.shape[0], use.Chunk))
            {
                using var inner = NewDisposeScope();
                var target = targets.narrow(0, start, count).unsqueeze(1);
                var states = hidden.narrow(0, start, count);
                var scaled = Scaled(states, lowered, target, distribution, out var _);
                var gradient = grad_output.narrow(0, start, count).unsqueeze(1);
                var byLogits = scaled.softmax(-1).mul_(gradient).neg_().scatter_add_(1, target, gradient);
                if (distribution.Sampling.Temperature != 1) byLogits.div_(Scalars.Of(distribution.Sampling.Temperature));
                var rounded = byLogits.As(hidden.dtype);
                hiddenGradient.narrow(0, start, count).copy_(rounded.matmul(lowered));
                if (headGradient is null) continue;
                if (head.dtype == hidden.dtype) headGradient.addmm_(rounded.t(), states);
                else headGradient.add_(rounded.t().matmul(states), Scalars.One); // sums over chunks in the head's own precision
            }
            return GradientHandover.Return(ctx, hiddenGradient, headGradient, null, null, null, null);
        }

        // Logits / T in float32 with −∞ at dropped tokens, and the same with 0 there.
        private static Tensor Scaled(Tensor hidden, Tensor head, Tensor target, Distribution distribution, out Tensor kept)
        {
            var (sampling, unused) = distribution;
            var scaled = LinearProduct.Apply(hidden, head).As(ScalarType.Float32);
            if (sampling.Temperature != 1) scaled.div_(Scalars.Of(sampling.Temperature));
            if (unused is not null) scaled.masked_fill_(unused, Scalars.NegativeInfinity);
            kept = scaled;
            var dropped = TorchSampling.Dropped(scaled, sampling);
            if (dropped is null && unused is null) return scaled;
            if (dropped is null) dropped = unused!.unsqueeze(0);
            else dropped.scatter_(1, target, zeros_like(target, dtype: ScalarType.Bool));
            kept = scaled.masked_fill(dropped, Scalars.Zero);
            return scaled.masked_fill_(dropped, Scalars.NegativeInfinity);
        }

        private static IEnumerable<(long Start, long Count)> Chunks(long total, int chunk)
        {
            for (var start = 0L; start < total; start += chunk) yield return (start, Math.Min(chunk, total - start));
        }
    }
}
