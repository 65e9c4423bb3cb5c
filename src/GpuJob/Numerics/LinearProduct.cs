using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>
/// y = x Wᵀ + b. libtorch multiplies float32 matrices by MKL, which has no AVX-512 kernels for AMD's processors; oneDNN, which libtorch has
/// for other uses, does twice as many there.
/// </summary>
internal static class LinearProduct
{
    private const long LeastSize = 256; // below, copies into oneDNN's own tensors and back cost what they gain

    // AuthenticAMD
    private static readonly bool PrefersOneDnn = Avx512F.IsSupported
        && X86Base.CpuId(0, 0) is (_, Ebx: 0x68747541, Ecx: 0x444D4163, Edx: 0x69746E65);

    /// <summary>x [..., inputs], weight [outputs, inputs], bias [outputs] or null, all of one type → [..., outputs].</summary>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias = null)
    {
        var suits = PrefersOneDnn && x.device_type == TorchSharp.DeviceType.CPU && x.dtype == ScalarType.Float32 && x.dim() == 2
            && Math.Min(x.shape[0], Math.Min(weight.shape[0], weight.shape[1])) >= LeastSize;
        return suits ? ByOneDnn(x, weight, bias) : nn.functional.linear(x, weight, bias);
    }

    /// <summary>The same through oneDNN: float32 on a CPU, x [N, inputs].</summary>
    internal static Tensor ByOneDnn(Tensor x, Tensor weight, Tensor? bias)
    {
        if (!is_grad_enabled()) return TorchOps.OneDnnLinear(x, weight, bias);
        return bias is null ? Product.apply(x, weight) : Product.apply(x, weight, bias);
    }

    private sealed class Product : autograd.SingleTensorFunction<Product>
    {
        public override string Name => nameof(Product);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, weight, bias) = ((Tensor)vars[0], (Tensor)vars[1], vars.Length > 2 ? (Tensor)vars[2] : null);
            using var _ = no_grad();
            ctx.save_for_backward(bias is null ? [x, weight] : [x, weight, bias]);
            return TorchOps.OneDnnLinear(x, weight, bias);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            var saved = ctx.get_saved_variables();
            var (x, weight) = (saved[0], saved[1]);
            var gradients = TorchOps.OneDnnLinearBackward(grad_output, x, weight, weight.requires_grad); // frozen below an adapter
            var ofWeight = gradients.Length > 1 ? gradients[1] : null;
            return saved.Count == 2
                ? GradientHandover.Return(ctx, gradients[0], ofWeight)
                : GradientHandover.Return(ctx, gradients[0], ofWeight, saved[2].requires_grad ? grad_output.sum(dim: 0) : null);
        }
    }
}
