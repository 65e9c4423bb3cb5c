using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// The rotary settings in both spellings: <c>rope_theta</c> beside <c>rope_scaling</c>, and transformers 5's <c>rope_parameters</c>.
/// </summary>
internal static class RopeConfigJson
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "low_freq_factor", "high_freq_factor",
            "original_max_position_embeddings",
        "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "attention_factor", "attn_factor", "truncate", "finetuned",
    };

    private static readonly Dictionary<string, Func<RopeConfig, ConfigFields, RopeConfig>> Types = new(StringComparer.Ordinal)
    {
        ["default"] = (rope, scaling) =>
        {
            scaling.MustBe("factor", 1.0);
            return rope;
        },
        ["linear"] = (rope, scaling) => rope with { LinearFactor = scaling.PositiveNumber("factor") },
        ["llama3"] = (rope, scaling) =>
        {
            var llama3 = new Llama3RopeScaling(
                scaling.PositiveNumber("factor"), scaling.PositiveNumber("low_freq_factor"),
                scaling.PositiveNumber("high_freq_factor"), scaling.Positive("original_max_position_embeddings"));
            return llama3.HighFrequencyFactor > llama3.LowFrequencyFactor
                ? rope with { Llama3 = llama3 }
                : throw scaling.Error("high_freq_factor", llama3.HighFrequencyFactor,
                    $"a number above low_freq_factor ({llama3.LowFrequencyFactor})");
        },
        ["yarn"] = (rope, scaling) =>
        {
            var original = scaling.Positive("original_max_position_embeddings");
            var yarn = new YarnRopeScaling(
                scaling.PositiveNumber("factor"), original,
                scaling.PositiveNumber("beta_fast", 32), scaling.PositiveNumber("beta_slow", 1), scaling.Number("mscale", 0),
                    scaling.Number("mscale_all_dim", 0),
                scaling.Has("attention_factor") ? scaling.PositiveNumber("attention_factor", 1) : null, scaling.Flag("truncate", true));
            // DeepSeek-R1-0528-Qwen3-8B's own field, a factor on the customary one: vLLM and llama.cpp read it, transformers warns and
            // passes over it.
            if (yarn.AttentionFactor is null && scaling.Has("attn_factor"))
                yarn = yarn with { AttentionFactor = yarn.Amplitude * scaling.PositiveNumber("attn_factor", 1) };
            return rope with { Yarn = yarn };
        },
    };

    private static readonly string[] Sections = ["rope_scaling", "rope_parameters"];

    private static string Allowed => string.Join(", ", Types.Keys.Select(name => $"'{name}'"));

    /// <summary>Reads the settings; where a file says one of them twice, it must say the same.</summary>
    /// <param name="reader">The fields of config.json.</param>
    /// <exception cref="R1Cloud.Shared.BadInputException">It does not, or a setting is missing or not supported.</exception>
    public static RopeConfig Read(ConfigFields reader)
    {
        const string Theta = "rope_theta";
        ConfigFields[] sections = [.. Sections.Select(reader.Section).OfType<ConfigFields>().Where(section => !section.IsEmpty)];
        var thetas = sections.Prepend(reader).Where(place => place.Has(Theta))
            .Select(place => (Name: place.Name(Theta), Value: place.PositiveNumber(Theta))).ToList();
        var rope = thetas is [var first, ..] ? new RopeConfig { Theta = first.Value } : new RopeConfig();
        if (thetas.Find(theta => theta.Value != rope.Theta) is { Name: not null } other)
            throw reader.Error(thetas[0].Name, $"{rope.Theta}, and {other.Name} is {other.Value}", "the same number");
        var read = sections.Select(section => Read(section, rope)).ToList();
        if (read.Exists(settings => settings != read[0])) throw reader.Disagree(Sections[0], Sections[1]);
        return read is [var only, ..] ? only : rope;
    }

    private static RopeConfig Read(ConfigFields scaling, RopeConfig rope)
    {
        if (scaling.Text("rope_type") is { } newer && scaling.Text("type") is { } older && newer != older)
            throw scaling.Error("type", $"{older}, and {scaling.Name("rope_type")} is {newer}", "the same type");
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
                ["rope_type"] = "llama3", ["factor"] = JsonFloat.Of(llama3.Factor),
                    ["low_freq_factor"] = JsonFloat.Of(llama3.LowFrequencyFactor),
                ["high_freq_factor"] = JsonFloat.Of(llama3.HighFrequencyFactor),
                    ["original_max_position_embeddings"] = llama3.OriginalMaxPositions,
            };
        }
        if (rope.LinearFactor != 1)
            return new JsonObject { ["rope_type"] = "linear", ["type"] = "linear", ["factor"] = JsonFloat.Of(rope.LinearFactor) };
        if (rope.Yarn is not { } yarn) return null;
        var section = new JsonObject
        {
            ["rope_type"] = "yarn", ["type"] = "yarn", ["factor"] = JsonFloat.Of(yarn.Factor),
                ["original_max_position_embeddings"] = yarn.OriginalMaxPositions,
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
