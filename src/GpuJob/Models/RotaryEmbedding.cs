using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Cosines and sines of the rotary embedding by position, computed once and grown on demand. Angles are float32 products of float32
/// frequencies, as the models were trained with. Thread-safe.
/// </summary>
/// <param name="rope">The settings.</param>
/// <param name="dim">Width of the rotated part of a head; even.</param>
/// <param name="maxPositions">Longest sequence.</param>
/// <param name="device">Where the tables live.</param>
internal sealed class RotaryEmbedding(RopeConfig rope, int dim, int maxPositions, Device device) : IDisposable
{
    private readonly RotaryTable table = new(rope.Frequencies(dim), rope.Amplitude, maxPositions, device);
    private readonly RotaryTable? beyond = // of sequences that are longer than what was trained
        rope.LongRope is null ? null : new(rope.Frequencies(dim, isLong: true), rope.Amplitude, maxPositions, device);

    /// <summary>The tables' first positions: two tensors [length, dim / 2], owned by the caller's scope.</summary>
    public (Tensor Cos, Tensor Sin) Take(int length) => table.Take(length);

    /// <summary>The rows of the given positions (int64 [N]): two tensors [N, dim / 2].</summary>
    /// <param name="positions">Which.</param>
    /// <param name="lengths">Tokens of the sequence that each is in, int64 [N].</param>
    /// <param name="bound">All positions are below it.</param>
    public (Tensor Cos, Tensor Sin) At(Tensor positions, Tensor lengths, int bound)
    {
        var (cos, sin) = table.At(positions, bound);
        if (beyond is null || !rope.LongRope!.IsLong(bound)) return (cos, sin);
        var (longCos, longSin) = beyond.At(positions, bound);
        var isLong = lengths.gt(Scalars.Of((long)rope.LongRope!.OriginalMaxPositions)).unsqueeze(1);
        return (longCos.where(isLong, cos), longSin.where(isLong, sin));
    }

    /// <summary>The cosines and sines as arrays [length · dim / 2], for decoders outside torch.</summary>
    /// <param name="length">Positions.</param>
    /// <param name="isLong">Those of sequences that are longer than what was trained, where the settings tell the two apart.</param>
    public (float[] Cos, float[] Sin) ToArrays(int length, bool isLong = false) =>
        (isLong && beyond is not null ? beyond : table).ToArrays(length);

    /// <summary>Turns each pair of x [N, H, head_dim] by tables [N, 1, head_dim / 2] of the same type.</summary>
    /// <param name="x">Heads.</param>
    /// <param name="cos">Cosines.</param>
    /// <param name="sin">Sines.</param>
    /// <param name="interleaved">Whether pairs are neighbours (2i, 2i+1) rather than (i, i + half); the result is in halves either way,
    /// which no score notices.</param>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin, bool interleaved = false) => Rotation.apply(x, cos, sin, interleaved);

    public void Dispose()
    {
        table.Dispose();
        beyond?.Dispose();
    }

    // The gradient of a rotation is the rotation back: half of what automatic differentiation of its parts would do.
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
