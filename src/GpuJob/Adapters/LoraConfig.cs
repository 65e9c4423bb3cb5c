using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Adapters;

/// <summary>A low-rank adapter's settings, as PEFT writes them to <c>adapter_config.json</c>.</summary>
internal sealed record LoraConfig
{
    /// <summary>The file's name inside an adapter folder.</summary>
    public const string FileName = "adapter_config.json";

    /// <summary>Fields that are read, and those that a saved adapter's effect does not depend on: its tensors say which modules it adds to, and of which rank.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "peft_type", "r", "lora_alpha", "use_rslora", "target_modules", "alpha_pattern", "rank_pattern", "base_model_name_or_path", "bias", "init_lora_weights",
        "peft_version", "task_type", "inference_mode", "revision", "auto_mapping", "lora_dropout", "exclude_modules", "layers_to_transform", "layers_pattern",
        "megatron_config", "megatron_core", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "runtime_config", "qalora_group_size", "ensure_weight_tying",
    };

    /// <summary>Initialisations that leave the model's own weights as they are; others (pissa, olora, corda, loftq, lora_ga) change them before training.</summary>
    private static readonly string[] PlainStarts = ["true", "false", "gaussian", "eva", "orthogonal"];

    /// <summary>Rank of the added matrices.</summary>
    public int Rank { get; init; } = 16;
    /// <summary>α: the addition is scaled by α / rank, or α / √rank (<see cref="RankStabilized"/>).</summary>
    public double Alpha { get; init; } = 32;
    /// <summary>Whether the scale is α / √rank (arXiv 2312.03732).</summary>
    public bool RankStabilized { get; init; }
    /// <summary>Last names of the linear maps that get an addition; <c>all-linear</c> for all of the layers.</summary>
    public IReadOnlyList<string> Targets { get; init; } = ["all-linear"];
    /// <summary>α of single modules, by regular expressions for the end of their names, from a point on; the first that fits counts.</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();
    /// <summary>The model that the adapter belongs to, as the file names it.</summary>
    public string? BaseModel { get; init; }

    /// <summary>The factor on B A of a module.</summary>
    public double Scale(string module, int rank)
    {
        var alpha = AlphaPattern.FirstOrDefault(pattern => Regex.IsMatch(module, $@"^(.*\.)?({pattern.Key})$", RegexOptions.None, TimeSpan.FromSeconds(1))) is { Key: not null } own ? own.Value : Alpha;
        return alpha / (RankStabilized ? Math.Sqrt(rank) : rank);
    }

    /// <summary>Whether a module gets an addition.</summary>
    public bool Covers(string module) => Targets is ["all-linear"] || Targets.Any(target => module == target || module.EndsWith("." + target, StringComparison.Ordinal));

    /// <summary>Reads an adapter's settings.</summary>
    /// <exception cref="BadInputException">The file is missing, malformed, or asks for what is not supported.</exception>
    public static LoraConfig Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new BadInputException($"{path}: there is no such file; an adapter folder has an {FileName}.");
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
        fields.RefuseUnknown(Known);
        if (json["init_lora_weights"]?.ToString().ToLowerInvariant() is { } start && !PlainStarts.Contains(start)) throw fields.Error("init_lora_weights", start, string.Join(", ", PlainStarts));
        return new LoraConfig
        {
            Rank = fields.Positive("r", 8),
            Alpha = fields.PositiveNumber("lora_alpha", 8),
            RankStabilized = fields.Flag("use_rslora", false),
            Targets = json["target_modules"] switch
            {
                JsonArray names => [.. names.Select(name => $"{name}")],
                JsonValue name when name.TryGetValue<string>(out var text) => [text],
                _ => [],
            },
            AlphaPattern = Patterns(json, fields),
            BaseModel = fields.Text("base_model_name_or_path"),
        };
    }

    private static Dictionary<string, double> Patterns(JsonObject json, ConfigFields fields)
    {
        if (fields.Section("alpha_pattern") is not { } section) return [];
        var patterns = json["alpha_pattern"]!.AsObject().ToDictionary(pair => pair.Key, pair => section.PositiveNumber(pair.Key, 1), StringComparer.Ordinal);
        foreach (var pattern in patterns.Keys)
        {
            try
            {
                _ = new Regex(pattern);
            }
            catch (ArgumentException error)
            {
                throw section.Error(pattern, "no regular expression", $"names of modules or expressions for them ({error.Message})");
            }
        }
        return patterns;
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
