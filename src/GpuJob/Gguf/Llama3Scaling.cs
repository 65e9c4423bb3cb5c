using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>
/// Llama 3's scaling of the rotary frequencies: a GGUF file holds what it comes to, a factor a frequency; a configuration holds the
/// numbers that it was made of.
/// </summary>
internal static class Llama3Scaling
{
    // The shape of the curve that all published models have; what they differ in is read off.
    private const double Low = 1, High = 4;
    private const int Original = 8192;

    /// <summary>The configuration whose factors a file has.</summary>
    /// <exception cref="Shared.BadInputException">No such configuration gives them.</exception>
    public static JsonObject Of(IReadOnlyList<float> factors, GgufShape shape, GgufFile file)
    {
        double factor = factors.Count > 0 ? factors.Max() : 1;
        var made = Factors(factor, shape.HeadDim, shape.RopeBase);
        if (factors.Count != made.Length || factors.Zip(made).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-4 * pair.Second))
        {
            throw file.Error("rope_freqs.weight holds factors that are none of Llama 3's "
                + $"(low_freq_factor {Low}, high_freq_factor {High}, original_max_position_embeddings {Original})");
        }
        return new()
        {
            ["rope_type"] = "llama3", ["factor"] = factor, ["low_freq_factor"] = Low, ["high_freq_factor"] = High,
            ["original_max_position_embeddings"] = Original,
        };
    }

    // What frequencies are divided by, half a head's.
    private static double[] Factors(double factor, int headDim, double ropeBase) =>
        [.. Enumerable.Range(0, headDim / 2).Select(i =>
        {
            var wavelength = 2 * Math.PI * Math.Pow(ropeBase, 2.0 * i / headDim);
            if (wavelength < Original / High) return 1;
            if (wavelength > Original / Low) return factor;
            var smooth = ((Original / wavelength) - Low) / (High - Low);
            return 1 / (((1 - smooth) / factor) + smooth);
        })];
}
