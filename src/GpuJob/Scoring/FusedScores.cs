using System.Runtime.CompilerServices;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Models.Fused;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Scoring;

/// <summary>Scores in hand-written kernels with their own gradients (<see cref="IFusedPass"/>), as one function of autograd's.</summary>
internal static class FusedScores
{
    // Of larger models nobody has measured yet that this is faster than libtorch's products.
    private const long MostParameters = 16_000_000;

    // Goes with the model: memory is handed on from pass to pass.
    private static readonly ConditionalWeakTable<CausalLm, Prepared> Models = [];

    /// <summary>Whether a model is small and plain enough, the scoring has no truncation, and the processor has the instructions.</summary>
    public static bool Cover(CausalLm model, SamplingRecipe sampling) =>
        SimdKernels.Supported[0] != SimdKernel.Portable && FusedShape.Covers(model) && IsPlain(sampling)
        && model.Config.ParameterCount() <= MostParameters;

    /// <summary>Scores a batch's tokens: two tensors [tokens].</summary>
    /// <param name="model">A model that <see cref="FusedShape.Covers"/>.</param>
    /// <param name="batch">The tokens.</param>
    /// <param name="sampling">Temperature; no truncation.</param>
    /// <param name="threads">Threads; 0 for as many as torch has.</param>
    /// <param name="kernel">The instruction set; null for the best.</param>
    public static TokenScores Score(CausalLm model, TokenBatch batch, SamplingRecipe sampling, int threads = 0, SimdKernel? kernel = null)
    {
        var chosen = kernel ?? SimdKernels.Supported[0];
        var prepared = Models.GetValue(model, _ => new());
        var keeps = is_grad_enabled() && model.Parameters.Any(parameter => parameter.parameter.requires_grad);
        var pass = FusedPasses.Begin(chosen, prepared.For(model, chosen), new FusedRows(batch),
            new FusedScoring(sampling.Temperature, model.Unused), model.Rotary, ThreadTeam.Of(threads > 0 ? threads : get_num_threads()),
            keeps);
        var entropy = empty([batch.Tokens], dtype: ScalarType.Float32);
        if (keeps)
        {
            object[] arguments = [.. model.Parameters.Select(item => item.parameter), pass, entropy];
            return new TokenScores(Function.apply(arguments), entropy);
        }
        using (pass)
        {
            var logProbs = empty([batch.Tokens], dtype: ScalarType.Float32);
            pass.Forward(logProbs, entropy);
            return new TokenScores(logProbs, entropy);
        }
    }

    // Temperature alone.
    private static bool IsPlain(SamplingRecipe sampling) =>
        sampling is { Temperature: > 0, TopK: 0, TopP: 1, MinP: 0 };

    private sealed class Prepared
    {
        private readonly Dictionary<SimdKernel, FusedModel> kinds = [];

        public FusedModel For(CausalLm model, SimdKernel kernel)
        {
            lock (kinds)
            {
                if (!kinds.TryGetValue(kernel, out var kind)) kinds[kernel] = kind = FusedPasses.Prepare(model, kernel);
                return kind;
            }
        }
    }

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(FusedScores);

        // The parameters, a pass, and where entropies go.
        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (pass, entropy) = ((IFusedPass)vars[^2], (Tensor)vars[^1]);
            using var _ = no_grad();
            var logProbs = empty_like(entropy);
            pass.Forward(logProbs, entropy);
            ctx.save_data("pass", pass);
            ctx.save_data("parameters", vars[..^2]);
            return logProbs;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            var parameters = (object[])ctx.get_data("parameters");
            var gradients = parameters.Select(parameter => empty_like((Tensor)parameter, requires_grad: false)).ToArray();
            using (var pass = (IFusedPass)ctx.get_data("pass")) pass.Backward(grad_output.contiguous(), gradients);
            return GradientHandover.Return(ctx,
                [.. parameters.Zip(gradients, (parameter, gradient) => ((Tensor)parameter).requires_grad ? gradient : null), null, null]);
        }
    }
}
