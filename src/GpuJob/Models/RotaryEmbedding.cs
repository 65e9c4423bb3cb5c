using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Cosines and sines of the rotary embedding by position, computed once and grown on demand. Angles are float32 products of float32
/// frequencies, as the models were trained with. Thread-safe.
/// </summary>
internal sealed class RotaryEmbedding(ModelConfig config, Device device) : IDisposable
{
    private readonly Lock gate = new();
    private readonly int half = config.HeadDim / 2;
    private Tensor? cos, sin; // [positions, half]

    /// <summary>The tables' first positions: two tensors [length, head_dim / 2], owned by the caller's scope.</summary>
    public (Tensor Cos, Tensor Sin) Take(int length)
    {
        lock (gate)
        {
            var (c, s) = Tables(length);
            return (c.narrow(0, 0, length), s.narrow(0, 0, length));
        }
    }

    /// <summary>The rows of the given positions (int64, any shape): two tensors positions.shape + [head_dim / 2].</summary>
    /// <param name="positions">Which.</param>
    /// <param name="bound">All positions are below it.</param>
    public (Tensor Cos, Tensor Sin) At(Tensor positions, int bound)
    {
        long[] shape = [.. positions.shape, half];
        lock (gate)
        {
            var (c, s) = Tables(bound);
            var flat = positions.flatten();
            return (c.index_select(0, flat).view(shape), s.index_select(0, flat).view(shape));
        }
    }

    /// <summary>Turns each pair of x [N, H, head_dim] by tables [N, 1, head_dim / 2] of the same type.</summary>
    /// <param name="x">Heads.</param>
    /// <param name="cos">Cosines.</param>
    /// <param name="sin">Sines.</param>
    /// <param name="interleaved">Whether pairs are neighbours (2i, 2i+1) rather than (i, i + half); the result is in halves either way,
    /// which no score notices.</param>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin, bool interleaved = false) => Rotation.apply(x, cos, sin, interleaved);

    /// <summary>The cosines and sines as arrays [length · head_dim / 2], for decoders outside torch.</summary>
    public (float[] Cos, float[] Sin) ToArrays(int length)
    {
        float[] c = new float[length * half], s = new float[c.Length];
        Fill(c, s);
        return (c, s);
    }

    private (Tensor Cos, Tensor Sin) Tables(int length)
    {
        if (cos is null || cos.shape[0] < length)
        {
            var rows = Math.Max(length, Math.Min(config.MaxPositions, Math.Max(256, length * 2)));
            var (c, s) = ToArrays(rows);
            Dispose(); // views given out keep their storage alive
            cos = tensor(c, [rows, half], device: device).DetachFromDisposeScope();
            sin = tensor(s, [rows, half], device: device).DetachFromDisposeScope();
        }
        return (cos, sin!);
    }

    private void Fill(float[] c, float[] s)
    {
        var frequencies = config.Rope.Frequencies(config.HeadDim);
        var amplitude = config.Rope.Amplitude;
        for (var i = 0; i < half; i++)
        {
            for (var position = 0; position < c.Length / half; position++)
            {
                var angle = (double)(position * frequencies[i]); // a float32 product, taken to its cosine in double
                c[(position * half) + i] = (float)(Math.Cos(angle) * amplitude);
                s[(position * half) + i] = (float)(Math.Sin(angle) * amplitude);
            }
        }
    }

    public void Dispose()
    {
        cos?.Dispose();
        sin?.Dispose();
    }

    /// <summary>The gradient of a rotation is the rotation back: half of what automatic differentiation of its parts would do.</summary>
    private sealed class Rotation : autograd.SingleTensorFunction<Rotation>
    {
        public override string Name => nameof(Rotation);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, cos, sin, interleaved) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (bool)vars[3]);
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            ctx.save_for_backward([cos, sin]);
            ctx.save_data("interleaved", interleaved);
            var (a, b) = Split(x, interleaved);
            return Turn(a, b, cos, sin, 1).MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            var saved = ctx.get_saved_variables();
            var (a, b) = Split(grad_output, interleaved: false);
            var turned = Turn(a, b, saved[0], saved[1], -1);
            if ((bool)ctx.get_data("interleaved"))
            {
                var (first, second) = Split(turned, interleaved: false);
                turned = stack([first, second], -1).flatten(-2);
            }
            return GradientHandover.Return(ctx, turned, null, null, null);
        }

        private static (Tensor A, Tensor B) Split(Tensor x, bool interleaved)
        {
            var half = x.shape[^1] / 2;
            if (!interleaved) return (x.narrow(-1, 0, half), x.narrow(-1, half, half));
            var pairs = x.reshape(x.shape[0], x.shape[1], half, 2);
            return (pairs.select(-1, 0), pairs.select(-1, 1));
        }

        private static Tensor Turn(Tensor a, Tensor b, Tensor cos, Tensor sin, int direction)
        {
            var half = a.shape[2];
            var turned = empty([a.shape[0], a.shape[1], 2 * half], dtype: a.dtype, device: a.device);
            turned.narrow(2, 0, half).copy_((a * cos).addcmul_(b, sin, Scalars.Of(-direction)));
            turned.narrow(2, half, half).copy_((b * cos).addcmul_(a, sin, Scalars.Of(direction)));
            return turned;
        }
    }
}
