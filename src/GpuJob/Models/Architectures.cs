using System.Diagnostics.CodeAnalysis;
using TorchSharp;

namespace R1Cloud.GpuJob.Models;

/// <summary>What sets one architecture apart: its names and the layer it is built of.</summary>
/// <param name="ClassName">The class that config.json's <c>architectures</c> names.</param>
/// <param name="QkvBias">Whether query, key and value projections always have a bias.</param>
/// <param name="CreateLayer">Makes one decoder layer on a device.</param>
internal sealed record Architecture(string ClassName, bool QkvBias, Func<ModelConfig, torch.Device, DecoderLayer> CreateLayer);

/// <summary>Architectures by config.json's <c>model_type</c>. A new one is a new entry and, where its blocks differ, a new layer file.</summary>
internal static class Architectures
{
    private static readonly Dictionary<string, Architecture> Known = new(StringComparer.Ordinal)
    {
        ["llama"] = new("LlamaForCausalLM", QkvBias: false, (config, device) => new DecoderLayer(config, device)),
        ["qwen2"] = new("Qwen2ForCausalLM", QkvBias: true, (config, device) => new DecoderLayer(config, device)),
    };

    /// <summary>The names, for messages.</summary>
    public static string Supported => string.Join(", ", Known.Keys);

    /// <summary>Looks an architecture up.</summary>
    public static bool TryGet(string modelType, [NotNullWhen(true)] out Architecture? architecture) => Known.TryGetValue(modelType, out architecture);

    /// <summary>An architecture that is known to exist.</summary>
    public static Architecture Get(string modelType) => Known[modelType];
}
