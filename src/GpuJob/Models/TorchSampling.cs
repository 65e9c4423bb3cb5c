using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>Drawn tokens on the device.</summary>
/// <param name="Ids">int64 [N].</param>
/// <param name="LogProbs">Under the distribution drawn from, float32 [N]; 0 when greedy.</param>
/// <param name="PolicyLogProbs">Under the plain policy, float32 [N].</param>
internal sealed record DrawnTokens(Tensor Ids, Tensor LogProbs, Tensor PolicyLogProbs);

/// <summary>
/// Truncation of a distribution in torch, in the customary order after the temperature: top-k, top-p, min-p. Each looks at what the one
/// before it left.
/// </summary>
internal static class TorchSampling
{
    /// <summary>Draws a token a row.</summary>
    /// <param name="logits">float32 [N, V].</param>
    /// <param name="noise">Uniform in [0, 1), float64 [N].</param>
    /// <param name="sampling">Temperature, 0 for greedy, and truncation.</param>
    /// <returns>Tensors in the caller's scope.</returns>
    public static DrawnTokens Draw(Tensor logits, Tensor noise, SamplingRecipe sampling)
    {
        using var scope = NewDisposeScope();
        var policy = logits.log_softmax(-1);
        Tensor tokens, logProbs;
        if (sampling.Temperature == 0)
        {
            tokens = logits.argmax(-1);
            logProbs = zeros([tokens.shape[0]], dtype: ScalarType.Float32, device: logits.device);
        }
        else
        {
            var scaled = logits / Scalars.Of(sampling.Temperature);
            if (Dropped(scaled, sampling) is { } dropped) scaled = scaled.masked_fill(dropped, Scalars.NegativeInfinity);
            var sampled = scaled.log_softmax(-1);
            var cumulative = sampled.exp().cumsum(-1, ScalarType.Float64);
            // The first token whose cumulative probability exceeds u · total.
            tokens = (cumulative <= noise.unsqueeze(1) * cumulative.narrow(1, cumulative.shape[1] - 1, 1)).sum(-1);
            logProbs = sampled.gather(1, tokens.unsqueeze(1)).squeeze(1);
        }
        return new DrawnTokens(tokens.MoveToOuterDisposeScope(), logProbs.MoveToOuterDisposeScope(),
            policy.gather(1, tokens.unsqueeze(1)).squeeze(1).MoveToOuterDisposeScope());
    }

    /// <summary>Which tokens are dropped.</summary>
    /// <param name="scaled">Logits / temperature [N, V].</param>
    /// <param name="sampling">Top-k, top-p and min-p; the temperature is ignored.</param>
    /// <returns>bool [N, V], true where dropped; null when nothing is ever dropped.</returns>
    public static Tensor? Dropped(Tensor scaled, SamplingRecipe sampling)
    {
        var topK = sampling.TopK > 0 && sampling.TopK < scaled.shape[1];
        if (!topK && sampling.TopP >= 1 && sampling.MinP <= 0) return null;

        using var scope = NewDisposeScope();
        var kept = scaled;
        if (topK)
        {
            var (top, _) = scaled.topk(sampling.TopK, -1);
            kept = kept.masked_fill(kept < top.narrow(1, sampling.TopK - 1, 1), Scalars.NegativeInfinity);
        }
        if (sampling.TopP < 1)
        {
            // From the least likely up, drop while the sum stays within 1 - p; the most likely always stays.
            var (sorted, order) = kept.sort(-1, descending: false, stable: true);
            var tail = sorted.softmax(-1).cumsum(-1) <= Scalars.Of(1 - sampling.TopP);
            tail.narrow(1, tail.shape[1] - 1, 1).fill_(Scalars.False);
            kept = kept.masked_fill(zeros_like(tail).scatter_(1, order, tail), Scalars.NegativeInfinity);
        }
        if (sampling.MinP > 0)
        {
            var p = kept.softmax(-1);
            kept = kept.masked_fill(p < p.amax([-1], keepdim: true) * Scalars.Of(sampling.MinP), Scalars.NegativeInfinity);
        }
        return kept.isneginf().MoveToOuterDisposeScope();
    }
}
