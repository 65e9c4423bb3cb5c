using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Models;

/// <summary>The rotary settings in both spellings: <c>rope_theta</c> beside <c>rope_scaling</c>, and transformers 5's <c>rope_parameters</c>.</summary>
internal static class RopeConfigJson
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
        "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "attention_factor", "attn_factor", "truncate", "finetuned",
    };

    private static readonly Dictionary<string, Func<RopeConfig, ConfigFields, RopeConfig>> Types = new(StringComparer.Ordinal)
    {
        ["default"] = (rope, _) => rope,
        ["linear"] = (rope, scaling) => rope with { LinearFactor = scaling.PositiveNumber("factor") },
        ["llama3"] = (rope, scaling) => rope with
        {
            Llama3 = new Llama3RopeScaling(
                scaling.PositiveNumber("factor"), scaling.PositiveNumber("low_freq_factor"),
                scaling.PositiveNumber("high_freq_factor"), scaling.Positive("original_max_position_embeddings")),
        },
        ["yarn"] = (rope, scaling) =>
        {
            var original = scaling.Positive("original_max_position_embeddings");
            var yarn = new YarnRopeScaling(
                scaling.PositiveNumber("factor"), original,
                scaling.PositiveNumber("beta_fast", 32), scaling.PositiveNumber("beta_slow", 1), scaling.Number("mscale", 0), scaling.Number("mscale_all_dim", 0),
                scaling.Has("attention_factor") ? scaling.PositiveNumber("attention_factor", 1) : null, scaling.Flag("truncate", true));
            // DeepSeek-R1-0528-Qwen3-8B's own field, a factor on the customary one: vLLM and llama.cpp read it, transformers warns and passes over it.
            if (yarn.AttentionFactor is null && scaling.Has("attn_factor")) yarn = yarn with { AttentionFactor = yarn.Amplitude * scaling.PositiveNumber("attn_factor", 1) };
            return rope with { Yarn = yarn };
        },
    };

    private static string Allowed => string.Join(", ", Types.Keys.Select(name => $"'{name}'"));

    /// <summary>Reads the settings.</summary>
    /// <param name="reader">The fields of config.json.</param>
    public static RopeConfig Read(ConfigFields reader)
    {
        // Where both are there the older one decides, as in transformers.
        var scaling = reader.Section("rope_scaling") is { IsEmpty: false } older ? older : reader.Section("rope_parameters");
        var rope = new RopeConfig { Theta = (scaling is not null && scaling.Has("rope_theta") ? scaling : reader).PositiveNumber("rope_theta", 10000) };
        if (scaling is null) return rope;
        if (!scaling.Has("rope_type") && !scaling.Has("type") && scaling.Has("factor")) throw scaling.Error("rope_type", null, Allowed);
        scaling.MustBe("partial_rotary_factor", 1.0);
        var type = scaling.Text("rope_type") ?? scaling.Text("type") ?? "default";
        if (!Types.TryGetValue(type, out var read)) throw scaling.Error("rope_type", $"'{type}'", Allowed);
        scaling.RefuseUnknown(Known);
        return read(rope, scaling);
    }

    /// <summary>The classic section; null for plain rotary embedding.</summary>
    public static JsonObject? Scaling(RopeConfig rope)
    {
        if (rope.Llama3 is { } llama3)
        {
            return new JsonObject
            {
                ["rope_type"] = "llama3", ["factor"] = JsonFloat.Of(llama3.Factor), ["low_freq_factor"] = JsonFloat.Of(llama3.LowFrequencyFactor),
                ["high_freq_factor"] = JsonFloat.Of(llama3.HighFrequencyFactor), ["original_max_position_embeddings"] = llama3.OriginalMaxPositions,
            };
        }
        if (rope.LinearFactor != 1) return new JsonObject { ["rope_type"] = "linear", ["type"] = "linear", ["factor"] = JsonFloat.Of(rope.LinearFactor) };
        if (rope.Yarn is not { } yarn) return null;
        var section = new JsonObject
        {
            ["rope_type"] = "yarn", ["type"] = "yarn", ["factor"] = JsonFloat.Of(yarn.Factor), ["original_max_position_embeddings"] = yarn.OriginalMaxPositions,
            ["beta_fast"] = JsonFloat.Of(yarn.BetaFast), ["beta_slow"] = JsonFloat.Of(yarn.BetaSlow),
        };
        if (yarn.Mscale != 0) section["mscale"] = JsonFloat.Of(yarn.Mscale);
        if (yarn.MscaleAllDim != 0) section["mscale_all_dim"] = JsonFloat.Of(yarn.MscaleAllDim);
        if (yarn.AttentionFactor is { } factor) section["attention_factor"] = JsonFloat.Of(factor);
        if (!yarn.Truncate) section["truncate"] = false;
        return section;
    }

    /// <summary>The section of transformers 5.</summary>
    public static JsonObject Parameters(RopeConfig rope)
    {
        var section = Scaling(rope) ?? new JsonObject { ["rope_type"] = "default" };
        section.Remove("type");
        section["rope_theta"] = JsonFloat.Of(rope.Theta);
        return section;
    }
}
