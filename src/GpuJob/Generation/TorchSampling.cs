using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Generation;

/// <summary>
/// Truncation of a distribution in torch, in the customary order after the temperature: top-k, top-p, min-p. Each looks at what the one
/// before it left.
/// </summary>
internal static class TorchSampling
{
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
            kept = kept.masked_fill(kept < top.narrow(1, sampling.TopK - 1, 1), float.NegativeInfinity);
        }
        if (sampling.TopP < 1)
        {
            // From the least likely up, drop while the sum stays within 1 - p; the most likely always stays.
            var (sorted, order) = kept.sort(-1, descending: false, stable: true);
            var tail = sorted.softmax(-1).cumsum(-1) <= 1 - sampling.TopP;
            tail.narrow(1, tail.shape[1] - 1, 1).fill_(false);
            kept = kept.masked_fill(zeros_like(tail).scatter_(1, order, tail), float.NegativeInfinity);
        }
        if (sampling.MinP > 0)
        {
            var p = kept.softmax(-1);
            kept = kept.masked_fill(p < p.amax([-1], keepdim: true) * sampling.MinP, float.NegativeInfinity);
        }
        return kept.isneginf().MoveToOuterDisposeScope();
    }
}
