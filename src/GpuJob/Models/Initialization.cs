using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>Fresh weights.</summary>
internal static class Initialization
{
    /// <summary>
    /// Norms scale by 1, biases are 0, matrices normal; those that write into the residual stream are narrower by √(2 · layers), as in
    /// GPT-2. Each tensor's numbers depend on the seed and its name alone, and are drawn on the CPU whatever the device.
    /// </summary>
    public static void Fill(CausalLm model, ulong seed)
    {
        using var _ = no_grad();
        var deviation = model.Config.InitializerRange ?? 0.506 / Math.Sqrt(model.Config.HiddenSize);
        foreach (var (name, weight) in model.Weights)
        {
            using var scope = NewDisposeScope();
            if (weight.dim() == 1)
            {
                weight.fill_(name.EndsWith("bias", StringComparison.Ordinal) || model.Config.Architecture.NormsAroundOne
                    ? Scalars.Zero : Scalars.One);
                continue;
            }
            var intoResidual = name.EndsWith("o_proj.weight", StringComparison.Ordinal)
                || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
            using var generator = new Generator(Seeds.Derive((long)seed, name));
            weight.copy_(randn(weight.shape, dtype: ScalarType.Float32, generator: generator)
                .mul_(Scalars.Of(deviation / (intoResidual ? Math.Sqrt(2 * model.Config.Layers) : 1))));
        }
        model.Publish();
    }
}
