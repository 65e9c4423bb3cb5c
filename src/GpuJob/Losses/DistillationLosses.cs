using R1Cloud.GpuJob.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Losses;

/// <summary>Divergences of a student's distributions from a teacher's (GKD, arXiv 2306.13649, section 3).</summary>
internal static class DistillationLosses
{
    // Ids of no token have −∞, from which no gradient comes but NaN; e^−10⁴ is 0 all the same.
    private static readonly Scalar Least = Scalars.Of(-1e4);

    /// <summary>
    /// The generalised Jensen-Shannon divergence D = β KL(P‖M) + (1 − β) KL(Q‖M) with M = β P + (1 − β) Q, P the teacher's and Q the
    /// student's distribution; at β = 0 KL(P‖Q), at β = 1 KL(Q‖P), in nats.
    /// </summary>
    /// <param name="student">Logits [N, V]; differentiable.</param>
    /// <param name="teacher">Logits [N, V].</param>
    /// <param name="beta">β, from 0 to 1.</param>
    /// <param name="topK">
    /// The teacher's most likely tokens that are told apart, all others being one; 0 for the whole vocabulary. It never exceeds the whole
    /// divergence.
    /// </param>
    /// <returns>[N].</returns>
    public static Tensor GeneralizedJsd(Tensor student, Tensor teacher, double beta, int topK = 0)
    {
        using var scope = NewDisposeScope();
        var (q, p) = (student.log_softmax(-1).clamp(min: Least), teacher.log_softmax(-1).clamp(min: Least));
        if (topK > 0 && topK < p.shape[1])
        {
            var top = p.topk(topK, -1).indexes;
            (q, p) = (WithRest(q, top), WithRest(p, top));
        }
        Tensor divergence;
        if (beta == 0) divergence = Divergence(p, q);
        else if (beta == 1) divergence = Divergence(q, p);
        else
        {
            var mixture = stack([p.add(Scalars.Of(Math.Log(beta)), Scalars.One), q.add(Scalars.Of(Math.Log(1 - beta)), Scalars.One)])
                .logsumexp(0);
            divergence = (Divergence(p, mixture) * Scalars.Of(beta)).add(Divergence(q, mixture), Scalars.Of(1 - beta));
        }
        return divergence.MoveToOuterDisposeScope();
    }

    // KL(a‖b) of log-probabilities.
    private static Tensor Divergence(Tensor a, Tensor b) => (a.exp() * (a - b)).sum(-1);

    // The chosen tokens and what all others have together.
    private static Tensor WithRest(Tensor logProbs, Tensor chosen)
    {
        var others = logProbs.scatter(1, chosen, full_like(chosen, Scalars.NegativeInfinity, dtype: logProbs.dtype));
        return cat([logProbs.gather(1, chosen), others.logsumexp(-1, keepdim: true)], -1);
    }
}
