using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Models;

/// <summary>A low-rank adapter's settings, as PEFT writes them to <c>adapter_config.json</c>.</summary>
internal sealed record LoraConfig
{
    /// <summary>The file's name inside an adapter folder.</summary>
    public const string FileName = "adapter_config.json";

    // Fields that are read, and those that a saved adapter's effect does not depend on.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "peft_type", "r", "lora_alpha", "use_rslora", "target_modules", "alpha_pattern", "rank_pattern", "base_model_name_or_path", "bias",
            "init_lora_weights",
        "peft_version", "task_type", "inference_mode", "revision", "auto_mapping", "lora_dropout", "exclude_modules", "layers_to_transform",
            "layers_pattern",
        "megatron_config", "megatron_core", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "runtime_config",
            "qalora_group_size", "ensure_weight_tying",
    };

    // Initialisations that leave the model's own weights as they are; others (pissa, olora, corda, loftq, lora_ga) change them before
    // training.
    private static readonly string[] PlainStarts = ["true", "false", "gaussian", "eva", "orthogonal"];

    /// <summary>Rank of the added matrices.</summary>
    public int Rank { get; init; } = 16;
    /// <summary>α: the addition is scaled by α / rank, or α / √rank (<see cref="RankStabilized"/>).</summary>
    public double Alpha { get; init; } = 32;
    /// <summary>Whether the scale is α / √rank (arXiv 2312.03732).</summary>
    public bool RankStabilized { get; init; }
    /// <summary>Last names of the linear maps that get an addition; <c>all-linear</c> for all of the layers.</summary>
    public IReadOnlyList<string> Targets { get; init; } = ["all-linear"];
    /// <summary>
    /// α of single modules, by regular expressions for the end of their names, from a point on; the first that fits counts.
    /// </summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();
    /// <summary>The model that the adapter belongs to, as the file names it.</summary>
    public string? BaseModel { get; init; }

    /// <summary>Ranks of single modules, as <see cref="AlphaPattern"/>.</summary>
    public IReadOnlyDictionary<string, double> RankPattern { get; init; } = new Dictionary<string, double>();
    /// <summary>Modules that get no addition although they are targets.</summary>
    public ModuleNames? Excluded { get; init; }
    /// <summary>The layers that get additions; null for all.</summary>
    public IReadOnlyList<int>? Layers { get; init; }
    /// <summary>The targets where they are an expression for whole names; null for names.</summary>
    public ModuleNames? TargetExpression { get; init; }

    /// <summary>The rank of a module's addition.</summary>
    public int RankOf(string module) => (int)(ModuleNames.Find(RankPattern, module) ?? Rank);

    /// <summary>The factor on B A of a module.</summary>
    public double Scale(string module)
    {
        double alpha = ModuleNames.Find(AlphaPattern, module) ?? Alpha, rank = RankOf(module);
        return alpha / (RankStabilized ? Math.Sqrt(rank) : rank);
    }

    /// <summary>Whether a module gets an addition.</summary>
    public bool Covers(string module) =>
        (TargetExpression?.Has(module) ?? (Targets is ["all-linear"] || ModuleNames.HasOneOf(Targets, module)))
        && Excluded?.Has(module) != true && (Layers is null || Layers.Contains(ModuleNames.LayerOf(module)));

    /// <summary>Holds what the settings name to the modules that there are.</summary>
    /// <exception cref="BadInputException">A target, or a module with an α or a rank of its own, is none of them.</exception>
    public void CheckModules(IReadOnlyCollection<string> modules)
    {
        var known = modules.ToList();
        if (TargetExpression is null && Targets is not ["all-linear"]
            && Targets.FirstOrDefault(target => !known.Any(module => ModuleNames.HasOneOf([target], module))) is { } stranger)
            throw new BadInputException($"{Source}: target_modules has '{stranger}', which is no module of the model's layers.");
        foreach (var (field, patterns) in new[] { ("alpha_pattern", AlphaPattern), ("rank_pattern", RankPattern) })
        {
            if (patterns.Keys.FirstOrDefault(pattern => !known.Any(module => Covers(module) && ModuleNames.Fits(pattern, module)))
                is { } unused)
                throw new BadInputException($"{Source}: {field} has '{unused}', which is no module with an addition.");
        }
    }

    // The file it was read from, for messages.
    private string Source { get; init; } = FileName;

    /// <summary>Reads an adapter's settings.</summary>
    /// <exception cref="BadInputException">The file is missing, malformed, or asks for what is not supported.</exception>
    public static LoraConfig Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new BadInputException($"{path}: there is no such file; an adapter folder has an {FileName}.");
        return ModelFile.Guard(path, () => Read(ModelFile.ParseObject(ModelFile.Read(path), path), path));
    }

    private static LoraConfig Read(JsonObject json, string path)
    {
        var fields = new ConfigFields(json, path, "");
        if (!fields.Has("peft_type")) throw fields.Error("peft_type", null, "LORA");
        fields.MustBe("peft_type", "LORA");
        fields.MustBe("bias", "none");
        fields.RefuseUnknown(Known);
        if (json["init_lora_weights"]?.ToString().ToLowerInvariant() is { } start && !PlainStarts.Contains(start))
            throw fields.Error("init_lora_weights", start, string.Join(", ", PlainStarts));
        if (fields.Has("layers_pattern") && fields.Text("layers_pattern") != "layers")
            throw fields.Error("layers_pattern", json["layers_pattern"]!.ToJsonString(), "layers");
        var targets = ModuleNames.Read(json["target_modules"], "target_modules", fields)
            ?? throw fields.Error("target_modules", null, "names of modules, or an expression for them");
        return new LoraConfig
        {
            Source = path,
            Rank = fields.Positive("r"),
            Alpha = fields.PositiveNumber("lora_alpha"),
            RankStabilized = fields.Flag("use_rslora", false),
            Targets = targets.Names,
            TargetExpression = targets.Names is ["all-linear"] || !targets.IsExpression ? null : targets,
            Excluded = ModuleNames.Read(json["exclude_modules"], "exclude_modules", fields),
            Layers = ReadLayers(json, fields),
            AlphaPattern = Patterns("alpha_pattern", json, fields),
            RankPattern = Patterns("rank_pattern", json, fields),
            BaseModel = fields.Text("base_model_name_or_path"),
        };
    }

    private static List<int>? ReadLayers(JsonObject json, ConfigFields fields)
    {
        var layers = fields.Ids("layers_to_transform");
        return json["layers_to_transform"] is null or JsonArray { Count: 0 } ? null : [.. layers];
    }

    private static Dictionary<string, double> Patterns(string field, JsonObject json, ConfigFields fields)
    {
        if (fields.Section(field) is not { } section) return [];
        var patterns = json[field]!.AsObject().ToDictionary(
            pair => pair.Key, pair => field == "rank_pattern" ? section.Positive(pair.Key) : section.PositiveNumber(pair.Key),
                StringComparer.Ordinal);
        foreach (var pattern in patterns.Keys) ModuleNames.CheckPattern(pattern, section);
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
        ["rank_pattern"] = new JsonObject(RankPattern.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)(int)pair.Value))),
    }.ToJsonString(R1Cloud.Shared.R1Json.Indented));
}
