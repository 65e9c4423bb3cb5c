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
        "short_factor", "long_factor",
    };

    // What scalings need to know of the model.
    private sealed record Shape(RopeDialect Dialect, int HeadDim, int MaxPositions, double Share, int? Original)
    {
        public int Pairs => RopeSettings.Rotated(HeadDim, Share) / 2;
    }

    private static readonly Dictionary<string, Func<RopeConfig, ConfigFields, Shape, RopeConfig>> Types = new(StringComparer.Ordinal)
    {
        ["default"] = (rope, scaling, _) =>
        {
            scaling.MustBe("factor", 1.0);
            return rope;
        },
        ["linear"] = (rope, scaling, _) => rope with { LinearFactor = scaling.PositiveNumber("factor") },
        ["llama3"] = (rope, scaling, _) =>
        {
            var llama3 = new Llama3RopeScaling(
                scaling.PositiveNumber("factor"), scaling.PositiveNumber("low_freq_factor"),
                scaling.PositiveNumber("high_freq_factor"), scaling.Positive("original_max_position_embeddings"));
            return llama3.HighFrequencyFactor > llama3.LowFrequencyFactor
                ? rope with { Llama3 = llama3 }
                : throw scaling.Error("high_freq_factor", llama3.HighFrequencyFactor,
                    $"a number above low_freq_factor ({llama3.LowFrequencyFactor})");
        },
        ["yarn"] = (rope, scaling, _) =>
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
        ["longrope"] = ReadLong,
        ["su"] = ReadLong, // its first name
    };

    private static RopeConfig ReadLong(RopeConfig rope, ConfigFields scaling, Shape shape)
    {
        if (shape.Original is { } beside && scaling.Has(RopeDialect.OriginalLength)) scaling.MustBe(RopeDialect.OriginalLength, beside);
        var original = shape.Original ?? scaling.Positive(RopeDialect.OriginalLength);
        if (original < 2) throw scaling.Error(RopeDialect.OriginalLength, original, "a whole number from 2");
        var given = scaling.Has("factor");
        return rope with
        {
            LongRope = new(
                new(scaling.PositiveNumbers("short_factor", shape.Pairs)), new(scaling.PositiveNumbers("long_factor", shape.Pairs)),
                original, given ? scaling.PositiveNumber("factor") : (double)shape.MaxPositions / original, given,
                scaling.Has("attention_factor") ? scaling.PositiveNumber("attention_factor") : null),
        };
    }

    private const string Theta = "rope_theta", Share = "partial_rotary_factor", Parameters5 = "rope_parameters", Scaling4 = "rope_scaling",
        Full = "full_attention", Sliding = "sliding_attention";

    private static readonly string[] LayerTypes = [Full, Sliding];

    /// <summary>Reads the settings; where a file says one of them twice, it must say the same.</summary>
    /// <param name="reader">The fields of config.json.</param>
    /// <param name="dialect">How the architecture writes them.</param>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="maxPositions">Longest sequence.</param>
    /// <exception cref="R1Cloud.Shared.BadInputException">It does not, or a setting is missing or not supported.</exception>
    public static RopeSettings Read(ConfigFields reader, RopeDialect dialect, int headDim, int maxPositions)
    {
        var parameters = NotEmpty(reader.Section(Parameters5));
        if (dialect.ByLayerType) parameters?.MustHaveOnly(LayerTypes, reader, Parameters5);
        var (ofFull, ofSliding) =
            dialect.ByLayerType ? (NotEmpty(parameters?.Section(Full)), NotEmpty(parameters?.Section(Sliding))) : (parameters, null);
        ConfigFields[] sections = [.. new[] { NotEmpty(reader.Section(Scaling4)), ofFull }.OfType<ConfigFields>()];

        int? original = dialect.OriginalMaxPositions is { } length ? reader.Positive(RopeDialect.OriginalLength, length) : null;
        var shape = new Shape(dialect, headDim, maxPositions, ReadShare(reader, sections, dialect, headDim), original);
        var theta = Agreed(reader, [.. sections.Prepend(reader).Select(place => (place, Theta))], dialect.Theta);
        var rope = Read(reader, sections, theta, shape);
        if (!dialect.ByLayerType) return new(rope, null, shape.Share, original);

        ConfigFields[] localSections = ofSliding is null ? [] : [ofSliding];
        List<(ConfigFields, string)> places = [.. localSections.Select(place => (place, Theta))];
        if (dialect.LocalTheta is { } own) places.Insert(0, (reader, own.Field));
        var local = Read(reader, localSections, Agreed(reader, places, dialect.LocalTheta?.Theta ?? rope.Theta), shape);
        return new(rope, local, shape.Share, original);
    }

    private static ConfigFields? NotEmpty(ConfigFields? section) => section is { IsEmpty: false } ? section : null;

    private static double Agreed(ConfigFields reader, IReadOnlyList<(ConfigFields Place, string Field)> places, double otherwise)
    {
        var said = places.Where(item => item.Place.Has(item.Field))
            .Select(item => (Name: item.Place.Name(item.Field), Value: item.Place.PositiveNumber(item.Field))).ToList();
        if (said is not [var first, ..]) return otherwise;
        if (said.Find(other => other.Value != first.Value) is { Name: not null } other)
            throw reader.Error(first.Name, $"{first.Value}, and {other.Name} is {other.Value}", "the same number");
        return first.Value;
    }

    private static double ReadShare(ConfigFields reader, IReadOnlyList<ConfigFields> sections, RopeDialect dialect, int headDim)
    {
        if (!dialect.Partial)
        {
            foreach (var section in sections) section.MustBe(Share, 1.0);
            return 1;
        }
        var share = Agreed(reader, [.. sections.Prepend(reader).Select(place => (place, Share))], 1);
        var rotated = RopeSettings.Rotated(headDim, share);
        return share <= 1 && rotated > 0 && rotated % 2 == 0
            ? share
            : throw reader.Error(Share, share, $"a number up to 1 that makes an even part of a head ({headDim}) rotated");
    }

    private static RopeConfig Read(ConfigFields reader, IReadOnlyList<ConfigFields> sections, double theta, Shape shape)
    {
        var rope = new RopeConfig { Theta = theta };
        var read = sections.Select(section => Read(section, rope, shape)).ToList();
        if (read.Exists(settings => settings != read[0])) throw reader.Disagree(Scaling4, Parameters5);
        return read is [var only, ..] ? only : rope;
    }

    private static RopeConfig Read(ConfigFields scaling, RopeConfig rope, Shape shape)
    {
        var allowed = string.Join(", ", shape.Dialect.Types.Select(name => $"'{name}'"));
        if (scaling.Text("rope_type") is { } newer && scaling.Text("type") is { } older && newer != older)
            throw scaling.Error("type", $"{older}, and {scaling.Name("rope_type")} is {newer}", "the same type");
        if (!scaling.Has("rope_type") && !scaling.Has("type") && scaling.Has("factor")) throw scaling.Error("rope_type", null, allowed);
        var type = scaling.Text("rope_type") ?? scaling.Text("type") ?? "default";
        if (!shape.Dialect.Types.Contains(type)) throw scaling.Error("rope_type", $"'{type}'", allowed);
        scaling.RefuseUnknown(Known);
        return Types[type](rope, scaling, shape);
    }

    /// <summary>Adds both spellings to a file.</summary>
    public static void Write(JsonObject root, ModelConfig config)
    {
        var dialect = config.Architecture.Rope;
        root[Theta] = JsonFloat.Of(config.Rope.Theta);
        root[Scaling4] = Scaling(config.Rope);
        if (dialect.LocalTheta is { } own) root[own.Field] = JsonFloat.Of(config.LocalRope!.Theta);
        if (config.OriginalMaxPositions is { } original) root[RopeDialect.OriginalLength] = original;
        if (config.RotatedShare != 1) root[Share] = JsonFloat.Of(config.RotatedShare);
        root[Parameters5] = config.LocalRope is { } local
            ? new JsonObject { [Full] = Parameters(config.Rope), [Sliding] = Parameters(local) } : Parameters(config.Rope);
        if (dialect.Partial) root[Parameters5]![Share] = JsonFloat.Of(config.RotatedShare);
    }

    // The classic section; null for plain rotary embedding.
    private static JsonObject? Scaling(RopeConfig rope)
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
        if (rope.LongRope is { } longRope) return Scaling(longRope);
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

    // The section of transformers 5.
    private static JsonObject Parameters(RopeConfig rope)
    {
        var section = Scaling(rope) ?? new JsonObject { ["rope_type"] = "default" };
        section.Remove("type");
        section["rope_theta"] = JsonFloat.Of(rope.Theta);
        return section;
    }

    private static JsonObject Scaling(LongRopeScaling scaling)
    {
        var section = new JsonObject
        {
            ["rope_type"] = "longrope", ["type"] = "longrope", ["short_factor"] = Numbers(scaling.Short),
                ["long_factor"] = Numbers(scaling.Long), [RopeDialect.OriginalLength] = scaling.OriginalMaxPositions,
        };
        if (scaling.GivenFactor) section["factor"] = JsonFloat.Of(scaling.Factor);
        if (scaling.AttentionFactor is { } factor) section["attention_factor"] = JsonFloat.Of(factor);
        return section;

        static JsonArray Numbers(IEnumerable<double> numbers) => new([.. numbers.Select(JsonFloat.Of)]);
    }
}
