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

    private static readonly (long Rows, long Inputs, long Outputs)[] Proven =
        [(64, 24, 40), (192, 128, 64), (513, 37, 43), (576, 300, 320), (1024, 512, 256)];

    /// <summary>
    /// Whether oneDNN multiplies rightly here: on some processors its products are wrong (seen on an EPYC with AVX-VNNI). Tried once on a
    /// few shapes; where one is wrong, MKL multiplies all.
    /// </summary>
    internal static Lazy<bool> OneDnnIsRight { get; } = new(() => Array.TrueForAll(Proven, shape =>
        IsRight(shape.Rows, shape.Inputs, shape.Outputs)));

    // AuthenticAMD
    private static readonly Lazy<bool> PrefersOneDnn = new(() => Avx512F.IsSupported
        && X86Base.CpuId(0, 0) is (_, Ebx: 0x68747541, Ecx: 0x444D4163, Edx: 0x69746E65) && OneDnnIsRight.Value);

    /// <summary>x [..., inputs], weight [outputs, inputs], bias [outputs] or null, all of one type → [..., outputs].</summary>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias = null)
    {
        var suits = PrefersOneDnn.Value && x.device_type == TorchSharp.DeviceType.CPU && x.dtype == ScalarType.Float32 && x.dim() == 2
            && Math.Min(x.shape[0], Math.Min(weight.shape[0], weight.shape[1])) >= LeastSize;
        return suits ? ByOneDnn(x, weight, bias) : nn.functional.linear(x, weight, bias);
    }

    /// <summary>The same through oneDNN: float32 on a CPU, x [N, inputs].</summary>
    internal static Tensor ByOneDnn(Tensor x, Tensor weight, Tensor? bias)
    {
        if (!is_grad_enabled()) return TorchOps.OneDnnLinear(x, weight, bias);
        return bias is null ? Product.apply(x, weight) : Product.apply(x, weight, bias);
    }

    // Against MKL, on numbers that are drawn from nowhere: a worker's random streams stay as they are.
    private static bool IsRight(long rows, long inputs, long outputs)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor Waves(long height, long width)
        {
            float[] numbers = [.. Enumerable.Range(0, (int)(height * width)).Select(i => MathF.Sin(0.7f * i))];
            return tensor(numbers, [height, width]);
        }

        Tensor x = Waves(rows, inputs), weight = Waves(outputs, inputs), towards = Waves(rows, outputs);
        var bias = Waves(outputs, 1).reshape(-1);
        var gradients = TorchOps.OneDnnLinearBackward(towards, x, weight, true);
        return Agree(TorchOps.OneDnnLinear(x, weight, bias), nn.functional.linear(x, weight, bias))
            && Agree(TorchOps.OneDnnLinear(x, weight, null), nn.functional.linear(x, weight))
            && Agree(gradients[0], towards.mm(weight)) && Agree(gradients[1], towards.t().mm(x));

        static bool Agree(Tensor one, Tensor other) => one.allclose(other, rtol: 1e-3, atol: 1e-2);
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
