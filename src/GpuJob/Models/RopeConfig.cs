namespace R1Cloud.GpuJob.Models;

/// <summary>Rotary position embedding (RoFormer, arXiv 2104.09864), plain or stretched beyond the length trained.</summary>
internal sealed record RopeConfig
{
    /// <summary>Base of the frequencies.</summary>
    public double Theta { get; init; } = 10000;
    /// <summary>Llama 3's scaling, or null.</summary>
    public Llama3RopeScaling? Llama3 { get; init; }
    /// <summary>YaRN's scaling, or null.</summary>
    public YarnRopeScaling? Yarn { get; init; }
    /// <summary>LongRoPE's scaling, or null.</summary>
    public LongRopeScaling? LongRope { get; init; }
    /// <summary>Factor by which positions are squeezed (<c>rope_type: linear</c>); 1 for none.</summary>
    public double LinearFactor { get; init; } = 1;

    /// <summary>
    /// The frequency of each pair of a head's rotated part, in float32 and in the order of operations that the models were trained with
    /// (transformers' modeling_rope_utils.py): a last bit's difference is a visible angle thousands of tokens on.
    /// </summary>
    /// <param name="dim">Width of the rotated part; even.</param>
    /// <param name="isLong">Of <see cref="LongRope"/>, those of sequences beyond the length trained.</param>
    public float[] Frequencies(int dim, bool isLong = false)
    {
        var periods = Enumerable.Range(0, dim / 2).Select(i => (float)Math.Pow(Theta, (float)(2 * i) / dim)).ToArray();
        if (LongRope is not null) return LongRope.Frequencies(periods, isLong);
        if (Yarn is not null) return Yarn.Frequencies(periods, dim, Theta);
        var plain = periods.Select(period => 1 / period);
        if (Llama3 is not null) return [.. plain.Select(Llama3.Scale)];
        return [.. LinearFactor == 1 ? plain : plain.Select(frequency => frequency / (float)LinearFactor)];
    }

    /// <summary>Factor on cosines and sines.</summary>
    public double Amplitude => Yarn?.Amplitude ?? LongRope?.Amplitude ?? 1;
}

/// <summary>Llama 3's stretch of the low rotary frequencies (Llama 3.1 model card, <c>rope_type: llama3</c>).</summary>
/// <param name="Factor">How far low frequencies are stretched.</param>
/// <param name="LowFrequencyFactor">Wavelengths above original length / this are stretched in full.</param>
/// <param name="HighFrequencyFactor">Wavelengths below original length / this stay.</param>
/// <param name="OriginalMaxPositions">The length trained before the stretch.</param>
internal sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions)
{
    /// <summary>A frequency, stretched.</summary>
    public float Scale(float frequency)
    {
        var factor = (float)Factor;
        var wavelength = 1 / frequency * (2 * MathF.PI); // PyTorch divides a number by a tensor as the number times the reciprocal
        if (wavelength < (float)(OriginalMaxPositions / HighFrequencyFactor)) return frequency;
        if (wavelength > (float)(OriginalMaxPositions / LowFrequencyFactor)) return frequency / factor;
        var smooth =
            ((1 / wavelength * OriginalMaxPositions) - (float)LowFrequencyFactor) / (float)(HighFrequencyFactor - LowFrequencyFactor);
        return ((1 - smooth) * frequency / factor) + (smooth * frequency);
    }
}

/// <summary>
/// YaRN (arXiv 2309.00071, section 3): low frequencies are stretched, high ones stay, with a ramp between, and attention is sharpened.
/// </summary>
/// <param name="Factor">How far low frequencies are stretched.</param>
/// <param name="OriginalMaxPositions">The length trained before the stretch.</param>
/// <param name="BetaFast">Frequencies that turn at least this often within the original length stay.</param>
/// <param name="BetaSlow">Those that turn at most this often are stretched in full.</param>
/// <param name="Mscale">Weight of the sharpening on cosines and sines; 0 when not given.</param>
/// <param name="MscaleAllDim">Weight of the sharpening that acts on whole attention scores instead; 0 when not given.</param>
/// <param name="AttentionFactor">The factor on cosines and sines where a file gives it outright.</param>
/// <param name="Truncate">Whether the ramp's ends are rounded to whole pairs.</param>
internal sealed record YarnRopeScaling(
    double Factor, int OriginalMaxPositions, double BetaFast = 32, double BetaSlow = 1, double Mscale = 0, double MscaleAllDim = 0,
        double? AttentionFactor = null, bool Truncate = true)
{
    /// <summary>Factor on cosines and sines.</summary>
    public double Amplitude =>
        AttentionFactor ?? (Mscale != 0 && MscaleAllDim != 0 ? Sharpening(Mscale) / Sharpening(MscaleAllDim) : Sharpening(1));

    /// <summary>0.1 · weight · ln(factor) + 1; 1 without a stretch.</summary>
    public double Sharpening(double weight) => Factor <= 1 ? 1 : (0.1 * weight * Math.Log(Factor)) + 1;

    /// <summary>Frequencies, stretched, of pairs with these periods / 2π.</summary>
    public float[] Frequencies(float[] periods, int dim, double theta)
    {
        double low = Pair(BetaFast), high = Pair(BetaSlow);
        if (Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, dim - 1));
        if (low == high) high += 0.001;
        return [.. periods.Select((period, i) =>
        {
            var kept = 1 - Math.Clamp((i - (float)low) / (float)(high - low), 0, 1);
            return (1 / ((float)Factor * period) * (1 - kept)) + (1 / period * kept);
        })];

        // The pair that turns so often within the original length.
        double Pair(double turns) => dim * Math.Log(OriginalMaxPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }
}
