using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Gradient checkpointing (arXiv 1604.06174): a segment of the model keeps only its input; on the way back it is computed again, and its
/// gradients go straight into the parameters it uses.
/// </summary>
internal static class Recomputation
{
    /// <summary>Runs a segment without keeping what is inside it.</summary>
    /// <param name="segment">A function of its input, the pass's context and of parameters; the same each time it is called.</param>
    /// <param name="input">Its input; must need a gradient, or nothing behind it gets one.</param>
    /// <param name="context">The pass's context; its tables are kept as long as the graph.</param>
    public static Tensor Run(Func<Tensor, AttentionContext, Tensor> segment, Tensor input, AttentionContext context) =>
        Recomputed.apply([input, .. Tables(context), segment, context.Segments]);

    private static Tensor[] Tables(AttentionContext context) => context.LocalTurns is { } local
        ? [context.Turns.Cos, context.Turns.Sin, local.Cos, local.Sin] : [context.Turns.Cos, context.Turns.Sin];

    private static AttentionContext Context(IReadOnlyList<Tensor> tables, IReadOnlyList<Segment> segments) =>
        new(new(tables[0], tables[1]), tables.Count > 2 ? new(tables[2], tables[3]) : null, segments, null);

    private sealed class Recomputed : autograd.SingleTensorFunction<Recomputed>
    {
        public override string Name => nameof(Recomputed);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            Tensor[] tensors = [.. vars.OfType<Tensor>()];
            var (segment, segments) = ((Func<Tensor, AttentionContext, Tensor>)vars[^2], (IReadOnlyList<Segment>)vars[^1]);
            using var _ = no_grad();
            ctx.save_for_backward([.. tensors]);
            ctx.save_data("segment", segment);
            ctx.save_data("segments", segments);
            return segment(tensors[0], Context(tensors[1..], segments));
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = NewDisposeScope();
            using var _ = enable_grad();
            var segment = (Func<Tensor, AttentionContext, Tensor>)ctx.get_data("segment");
            Tensor[] saved = [.. ctx.get_saved_variables()];
            var input = saved[0].detach().requires_grad_();
            segment(input, Context(saved[1..], (IReadOnlyList<Segment>)ctx.get_data("segments"))).backward([grad_output]);
            return GradientHandover.Return(ctx, [input.grad, .. new Tensor?[saved.Length + 1]]);
        }
    }
}
