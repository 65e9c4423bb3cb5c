using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Losses;

/// <summary>Estimators of KL(π‖π_ref) from one sampled token (Schulman, "Approximating KL Divergence").</summary>
internal static class KlEstimators
{
    private static readonly Dictionary<KlEstimator, Func<Tensor, Tensor>> ByLogRatio = new()
    {
        [KlEstimator.K1] = d => -d,
        [KlEstimator.K2] = d => d * d * Scalars.Of(0.5),
        [KlEstimator.K3] = d => d.exp() - d - Scalars.One,
    };

    /// <summary>The estimate a token, from log π and log π_ref of the same shape; differentiable.</summary>
    public static Tensor Compute(KlEstimator estimator, Tensor logProbs, Tensor reference) => ByLogRatio[estimator](reference - logProbs);
}
