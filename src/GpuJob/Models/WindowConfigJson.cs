using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Models;

/// <summary>Attention that reaches back a limited number of positions (Longformer, arXiv 2004.05150).</summary>
/// <param name="Width">Positions that a token sees, its own included.</param>
/// <param name="Layers">By layer, whether it slides; the others see the whole past.</param>
internal sealed record SlidingWindow(int Width, ValueList<bool> Layers);

/// <summary>Reads which of some layers slide; null for none.</summary>
internal delegate SlidingWindow? WindowReader(ConfigFields fields, int layers);

/// <summary>The spellings of sliding windows: one for all layers, or layer by layer.</summary>
internal static class WindowConfigJson
{
    private const string Width = "sliding_window", Types = "layer_types", Pattern = "sliding_window_pattern",
        Sliding = "sliding_attention", Full = "full_attention";

    /// <summary>All layers have the window, where there is one (Mistral, Phi-3): null says that there is none.</summary>
    /// <param name="otherwise">The width where a file is silent; null for no window.</param>
    public static WindowReader Everywhere(int? otherwise) => (fields, layers) =>
        (fields.Has(Width) ? fields.Positive(Width) : fields.Contains(Width) ? null : otherwise) is { } width
            ? new(width, new(Enumerable.Repeat(true, layers))) : null;

    /// <summary><c>layer_types</c> says it, or every n-th layer is full (OLMo 3, Gemma 3).</summary>
    /// <param name="otherwise">The width where a file is silent.</param>
    /// <param name="fullEvery">n, where a file is silent.</param>
    public static WindowReader ByLayerType(int otherwise, int fullEvery) => (fields, layers) =>
    {
        var every = fields.Positive(Pattern, fullEvery);
        var patterned = new ValueList<bool>(Enumerable.Range(1, layers).Select(layer => layer % every != 0));
        var sliding = ReadTypes(fields, layers) ?? patterned;
        if (fields.Has(Pattern) && !sliding.Equals(patterned)) throw fields.Disagree(Types, Pattern);
        if (!sliding.Contains(true)) return null;
        return fields.Contains(Width) && !fields.Has(Width)
            ? throw fields.Error(Width, "null", $"a whole number above 0, as {Types} has layers of {Sliding}")
            : new(fields.Positive(Width, otherwise), sliding);
    };

    /// <summary>Adds the fields that say it.</summary>
    public static void Write(JsonObject root, ModelConfig config)
    {
        var fields = config.Architecture.Fields;
        if (config.Architecture.Windows is null) return;
        root[Width] = config.Sliding?.Width;
        if (!fields.Contains(Types)) return;
        root[Width] ??= 4096; // no layer has it
        root[Types] =
            new JsonArray([.. Enumerable.Range(0, config.Layers).Select(layer => JsonValue.Create(config.Slides(layer) ? Sliding : Full))]);
    }

    private static ValueList<bool>? ReadTypes(ConfigFields fields, int layers) =>
        fields.Texts(Types, [Sliding, Full], layers) is { } types ? new(types.Select(type => type == Sliding)) : null;
}
