using System.IO.Hashing;
using System.Text;

namespace R1Cloud.Shared;

/// <summary>
/// Derived seeds. Every random draw's seed is a function of what it is for (run seed, stage, iteration, question, sample), never of
/// process state, so a run is the same however it was fanned out or interrupted.
/// </summary>
public static class Seeds
{
    /// <summary>Derives a 64-bit seed.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What it is for, e.g. the stage and the kind of draw.</param>
    /// <param name="indices">Where in it: iteration, question, sample…</param>
    public static ulong Derive(long seed, string purpose, params ReadOnlySpan<long> indices)
    {
        var hash = Mix((ulong)seed ^ XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(purpose)));
        foreach (var index in indices) hash = Mix(hash + 0x9E3779B97F4A7C15UL * ((ulong)index + 1));
        return hash;
    }

    /// <summary>The finalizer of SplitMix64: every input bit reaches every output bit.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
