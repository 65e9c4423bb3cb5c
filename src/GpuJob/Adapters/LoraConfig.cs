using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Adapters;

/// <summary>A low-rank adapter's settings, as PEFT writes them to <c>adapter_config.json</c>.</summary>
internal sealed record LoraConfig
{
    /// <summary>The file's name inside an adapter folder.</summary>
    public const string FileName = "adapter_config.json";

    /// <summary>Rank of the added matrices.</summary>
    public int Rank { get; init; } = 16;
    /// <summary>α: the addition is scaled by α / rank, or α / √rank (<see cref="RankStabilized"/>).</summary>
    public double Alpha { get; init; } = 32;
    /// <summary>Whether the scale is α / √rank (arXiv 2312.03732).</summary>
    public bool RankStabilized { get; init; }
    /// <summary>Last names of the linear maps that get an addition; <c>all-linear</c> for all of the layers.</summary>
    public IReadOnlyList<string> Targets { get; init; } = ["all-linear"];
    /// <summary>α of single modules, by the end of their names.</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();
    /// <summary>The model that the adapter belongs to, as the file names it.</summary>
    public string? BaseModel { get; init; }

    /// <summary>The factor on B A of a module.</summary>
    public double Scale(string module, int rank)
    {
        var alpha = AlphaPattern.FirstOrDefault(pattern => module == pattern.Key || module.EndsWith("." + pattern.Key, StringComparison.Ordinal)) is { Key: not null } own ? own.Value : Alpha;
        return alpha / (RankStabilized ? Math.Sqrt(rank) : rank);
    }

    /// <summary>Whether a module gets an addition.</summary>
    public bool Covers(string module) => Targets is ["all-linear"] || Targets.Any(target => module == target || module.EndsWith("." + target, StringComparison.Ordinal));

    /// <summary>Reads an adapter's settings.</summary>
    /// <exception cref="BadInputException">The file is missing, malformed, or asks for what is not supported.</exception>
    public static LoraConfig Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new BadInputException($"{path}: there is no such file; an adapter folder has a {FileName}.");
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException error)
        {
            throw new BadInputException($"{path}: not valid JSON: {error.Message}", error);
        }
        if (root is not JsonObject json) throw new BadInputException($"{path}: must be a JSON object.");
        var fields = new ConfigFields(json, path, "");
        if (!fields.Has("peft_type")) throw fields.Error("peft_type", null, "LORA");
        fields.MustBe("peft_type", "LORA");
        fields.MustBe("bias", "none");
        foreach (var unsupported in new[] { "fan_in_fan_out", "use_dora", "lora_bias", "use_qalora", "use_bdlora" }) fields.MustBe(unsupported, false);
        if (json["modules_to_save"] is JsonArray { Count: > 0 } modules) throw fields.Error("modules_to_save", modules.ToJsonString(), "null");
        return new LoraConfig
        {
            Rank = fields.Positive("r", 8),
            Alpha = fields.PositiveNumber("lora_alpha", 8),
            RankStabilized = fields.Flag("use_rslora", false),
            Targets = json["target_modules"] switch
            {
                JsonArray names => [.. names.Select(name => name!.GetValue<string>())],
                JsonValue name when name.TryGetValue<string>(out var text) => [text],
                _ => [],
            },
            AlphaPattern = json["alpha_pattern"] is JsonObject pattern ? pattern.ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<double>()) : new Dictionary<string, double>(),
            BaseModel = fields.Text("base_model_name_or_path"),
        };
    }

    /// <summary>Writes <c>adapter_config.json</c>.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="targets">Last names of the modules that have an addition.</param>
    public void Save(string folder, IEnumerable<string> targets) => File.WriteAllText(Path.Combine(folder, FileName), new JsonObject
    {
        ["peft_type"] = "LORA",
        ["task_type"] = "CAUSAL_LM",
        ["base_model_name_or_path"] = BaseModel,
        ["r"] = Rank,
        ["lora_alpha"] = Alpha,
        ["lora_dropout"] = 0.0,
        ["use_rslora"] = RankStabilized,
        ["use_dora"] = false,
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["init_lora_weights"] = true,
        ["inference_mode"] = true,
        ["modules_to_save"] = null,
        ["target_modules"] = new JsonArray([.. targets.Select(target => JsonValue.Create(target))]),
        ["alpha_pattern"] = new JsonObject(AlphaPattern.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        ["rank_pattern"] = new JsonObject(),
    }.ToJsonString(Shared.R1Json.Indented));
}
