using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>
/// Gradients on their way from a custom function to autograd, which takes references of its own as soon as the function has returned.
/// TorchSharp leaves the managed ones to the scope around it, that of a whole step, or on a GPU's own thread to the garbage collector; here
/// they go when the next function of the thread hands over. What the function had saved goes at once, as in functions of libtorch's own.
/// </summary>
internal static class GradientHandover
{
    [ThreadStatic]
    private static List<Tensor>? last;

    /// <summary>What a backward function returns: gradients in the order of its inputs, null where there is none.</summary>
    public static List<Tensor> Return(autograd.AutogradContext context, params ReadOnlySpan<Tensor?> gradients)
    {
        context.Dispose();
        foreach (var tensor in last ?? []) tensor?.Dispose();
        last = [];
        foreach (var tensor in gradients) last.Add(tensor?.DetachFromDisposeScope()!);
        return last;
    }
}
