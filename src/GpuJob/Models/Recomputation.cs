using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Gradient checkpointing (arXiv 1604.06174): a segment of the model keeps only its input; on the way back it is computed again, and its
/// gradients go straight into the parameters it uses.
/// </summary>
internal static class Recomputation
{
    /// <summary>Runs a segment without keeping what is inside it.</summary>
    /// <param name="segment">A function of its input and of parameters; the same each time it is called.</param>
    /// <param name="input">Its input; must need a gradient, or nothing behind it gets one.</param>
    public static Tensor Run(Func<Tensor, Tensor> segment, Tensor input) => Recomputed.apply(input, segment);

    private sealed class Recomputed : autograd.SingleTensorFunction<Recomputed>
    {
        public override string Name => nameof(Recomputed);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (input, segment) = ((Tensor)vars[0], (Func<Tensor, Tensor>)vars[1]);
            using var _ = no_grad();
            ctx.save_for_backward([input]);
            ctx.save_data("segment", segment);
            return segment(input);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = NewDisposeScope();
            var segment = (Func<Tensor, Tensor>)ctx.get_data("segment");
            using var _ = enable_grad();
            var input = ctx.get_saved_variables()[0].detach().requires_grad_();
            segment(input).backward([grad_output]);
            return [input.grad!.MoveToOuterDisposeScope(), null!];
        }
    }
}
