using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Generation;

/// <summary>The uniform numbers that choose tokens: a pure function of (sample seed, index of the new token).</summary>
internal static class SamplingNoise
{
    /// <summary>Uniform in [0, 1), a multiple of 2⁻⁴⁰.</summary>
    /// <param name="seed">The sample's seed.</param>
    /// <param name="index">Which new token, from 0.</param>
    public static double Uniform(ulong seed, int index) =>
        (Seeds.Mix(seed + (0x9E3779B97F4A7C15UL * ((ulong)index + 1))) >> 24) * (1.0 / (1UL << 40));
}
