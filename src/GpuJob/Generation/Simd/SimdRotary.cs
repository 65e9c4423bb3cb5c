using R1Cloud.GpuJob.Models;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>Cosines and sines [positions, rotated / 2] of the layers that see all, of those that slide, and of long sequences.</summary>
internal sealed class SimdRotary
{
    private readonly (float[] Cos, float[] Sin) plain, beyond;
    private readonly (float[] Cos, float[] Sin)? local;

    /// <summary>Those of a model's first positions.</summary>
    public SimdRotary(CausalLm model, int positions)
    {
        (plain, local) = (model.Rotary.ToArrays(positions), model.LocalRotary?.ToArrays(positions));
        beyond = model.Config.Rope.LongRope is null ? plain : model.Rotary.ToArrays(positions, isLong: true);
    }

    /// <summary>The tables of a layer.</summary>
    /// <param name="slides">Whether it sees a window only.</param>
    /// <param name="isLong">Whether the sequence is longer than what was trained.</param>
    public (float[] Cos, float[] Sin) Of(bool slides, bool isLong) => slides && local is { } own ? own : isLong ? beyond : plain;
}
