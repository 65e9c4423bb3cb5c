using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Losses;

/// <summary>Losses of reward models (DeepSeek-R1 supplement, "Reward model": pairs for helpfulness, single labels for safety).</summary>
internal static class RewardModelLosses
{
    /// <summary>Bradley–Terry: mean of −log σ(chosen − rejected − margin), all [N].</summary>
    public static Tensor Pairwise(Tensor chosen, Tensor rejected, Tensor? margin = null)
    {
        var difference = chosen - rejected;
        if (margin is not null) difference -= margin;
        return TorchOps.Softplus(-difference).mean();
    }

    /// <summary>Mean binary cross entropy of σ(score) against 1 (safe) or 0, both float [N].</summary>
    public static Tensor Pointwise(Tensor score, Tensor safe) => nn.functional.binary_cross_entropy_with_logits(score, safe);
}
