using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.ModelFiles;

/// <summary>
/// Writes a model folder that transformers and vLLM load as it is: weights, in shards with an index where they are large, config.json,
/// generation_config.json and the tokenizer's files.
/// </summary>
internal static class ModelExport
{
    /// <summary>Bytes of a shard at most, unless one tensor is larger: what transformers writes by default.</summary>
    public const long DefaultShardBytes = 5_000_000_000;

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model; adapters are merged on the way, the model itself stays.</param>
    /// <param name="folder">Made where it is missing.</param>
    /// <param name="type">Element type of the weights. The routers' corrections stay in float32.</param>
    /// <param name="source">The folder that the model came from, whose config.json and companions are kept; null where there is
    /// none.</param>
    /// <param name="shardBytes">Bytes of a shard at most.</param>
    public static void Write(CausalLm model, string folder, ScalarType type, string? source = null, long shardBytes = DefaultShardBytes)
    {
        Directory.CreateDirectory(folder);
        using var scope = NewDisposeScope();
        WriteWeights([.. model.EffectiveWeights()], model.Parameters, folder, type, shardBytes);
        File.WriteAllBytes(Path.Combine(folder, ModelConfig.FileName), Config(model.Config, type, source));
        if (source is not null) CopyCompanions(source, folder);
        var generation = Path.Combine(folder, TokenizerFiles.Generation);
        if (!File.Exists(generation)) File.WriteAllBytes(generation, Generation(model.Config));
    }

    private static void CopyCompanions(string source, string folder)
    {
        foreach (var name in ModelFolder.CompanionsIn(source))
        {
            var target = SafePath.Join(folder, name).FullName;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(FolderLinks.Resolve(source, name), target, overwrite: true);
        }
    }

    // What transformers derives from config.json where there is no such file.
    private static byte[] Generation(ModelConfig config) => JsonSerializer.SerializeToUtf8Bytes(
        new Dictionary<string, object?>
        {
            ["_from_model_config"] = true,
            ["bos_token_id"] = config.BosTokenId,
            ["eos_token_id"] = config.EosTokenIds switch { [] => null, [var only] => only, var several => several },
            ["pad_token_id"] = config.PadTokenId,
        },
        R1Json.Indented);

    // transformers 5 leaves these out; vLLM then scores by softmax and has no place for the correction.
    private static void AddRouting(JsonObject json, ModelConfig config)
    {
        var all = JsonNode.Parse(config.ToJson())!.AsObject();
        foreach (var name in (string[])["scoring_func", "topk_method", "moe_layer_freq"])
        {
            if (!json.ContainsKey(name)) json[name] = all[name]!.DeepClone();
        }
    }

    private static void WriteWeights(
        IReadOnlyList<(string Name, Tensor Tensor)> weights, IReadOnlyList<(string Name, Parameter Tensor)> parameters, string folder,
            ScalarType type, long shardBytes)
    {
        var trained = parameters.Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
        ScalarType TypeOf((string Name, Tensor Tensor) entry) => trained.Contains(entry.Name) ? type : entry.Tensor.dtype;
        long Bytes((string Name, Tensor Tensor) entry) =>
            entry.Tensor.numel() * SafetensorsFormat.SizeOf(StoredTypes.NameOf(TypeOf(entry)));

        foreach (var stale in Directory.GetFiles(folder, "model*.safetensors")) File.Delete(stale);
        File.Delete(Path.Combine(folder, SafetensorsModel.IndexFile));
        var shards = Cut(weights, Bytes, shardBytes);
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, SafetensorsModel.SingleFile), weights, typeOf: TypeOf);
            return;
        }
        var map = new JsonObject();
        for (var i = 0; i < shards.Count; i++)
        {
            var file = $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, file), shards[i], typeOf: TypeOf);
            foreach (var (name, _) in shards[i]) map[name] = file;
        }
        var index = new JsonObject {
            ["metadata"] = new JsonObject { ["total_parameters"] = weights.Sum(weight => weight.Tensor.numel()),
                ["total_size"] = weights.Sum(Bytes) }, ["weight_map"] = map };
        File.WriteAllText(Path.Combine(folder, SafetensorsModel.IndexFile), index.ToJsonString(R1Json.Indented));
    }

    private static List<List<(string Name, Tensor Tensor)>> Cut(IReadOnlyList<(string Name, Tensor Tensor)> weights,
        Func<(string Name, Tensor Tensor), long> bytes, long limit)
    {
        var shards = new List<List<(string, Tensor)>> { new() };
        long filled = 0;
        foreach (var weight in weights)
        {
            if (filled > 0 && filled + bytes(weight) > limit)
            {
                shards.Add([]);
                filled = 0;
            }
            shards[^1].Add(weight);
            filled += bytes(weight);
        }
        return shards;
    }

    // The source's own file with what has changed: a reader finds every field that it found before.
    private static byte[] Config(ModelConfig config, ScalarType type, string? source)
    {
        var typeName = StoredTypes.ConfigName(type);
        if (source is null) return config.ToJson(typeName);
        var json = JsonNode.Parse(File.ReadAllBytes(Path.Combine(source, ModelConfig.FileName)),
            documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true })!.AsObject();
        json.Remove("quantization_config");
        json[json.ContainsKey("dtype") ? "dtype" : "torch_dtype"] = typeName;
        if (json.ContainsKey("dtype")) json.Remove("torch_dtype");
        if (json.ContainsKey("num_nextn_predict_layers")) json["num_nextn_predict_layers"] = 0; // such layers are not kept
        if (config.Experts is { Scoring: ExpertScoring.Sigmoid }) AddRouting(json, config);
        return JsonSerializer.SerializeToUtf8Bytes(json, R1Json.Indented);
    }
}
