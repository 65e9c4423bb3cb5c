using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Tests.Models;
using R1Cloud.GpuJob.Weights;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.ModelFiles;

/// <summary>What is written is what transformers and vLLM expect (docs/models.md, "What other programs read"), and is read back.</summary>
public sealed class ModelExportTests : IDisposable
{
    // What transformers' configuration classes take where a file does not say it.
    private static readonly Dictionary<string, string> Defaults = new()
    {
        ["attention_dropout"] = "0.0", ["use_cache"] = "true", ["pretraining_tp"] = "1", ["max_window_layers"] = "28",
            ["sliding_window"] = "null", ["output_router_logits"] = "false", ["embd_pdrop"] = "0.0", ["resid_pdrop"] = "0.0",
            ["attn_logit_softcapping"] = "null", ["final_logit_softcapping"] = "null",
    };

    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string name) => Path.Combine(folder, name);

    public static TheoryData<string> Saved => Oracles.ModelsWith("generation_config.json");

    public static TheoryData<string> Spelled => Oracles.ModelsWith("config.transformers5.json");

    public static TheoryData<string, int> Shapes => RandomShapes.Cases;

    /// <summary>The oracles' folders were saved by transformers: the same comes out.</summary>
    [Theory, MemberData(nameof(Saved))]
    public void Write_Unchanged_IsWhatTransformersSaved(string name)
    {
        var source = Oracles.Model(name);
        using var original = SafetensorsModel.Open(source);
        using (var model = CausalLm.Load(source, CPU)) ModelExport.Write(model, folder, original.Find("model.norm.weight")!.Type, source);
        using var written = SafetensorsModel.Open(folder);
        SameTensors(written, original);

        var (before, after) = (Json(Path.Combine(source, "config.json")), Json(At("config.json")));
        if (before.ContainsKey("num_nextn_predict_layers")) before["num_nextn_predict_layers"] = 0;
        after.ToJsonString().ShouldBe(before.ToJsonString()); // to the letter: 10000.0 stays a float
        File.ReadAllBytes(At("generation_config.json")).ShouldBe(File.ReadAllBytes(Path.Combine(source, "generation_config.json")));
        using var file = new SafetensorsReader(At("model.safetensors"));
        file.Metadata["format"].ShouldBe("pt"); // transformers refuses a file without it
    }

    /// <summary>A configuration of our own says all that transformers says of the same model, floats as floats.</summary>
    [Theory, MemberData(nameof(Spelled))]
    public void ToJson_OracleModel_SaysWhatTransformersSays(string name)
    {
        var config = ModelConfig.Parse(File.ReadAllBytes(Path.Combine(Oracles.Model(name), "config.transformers5.json")), name);
        var ours = JsonNode.Parse(config.ToJson())!.AsObject();
        foreach (var (field, value) in Json(Path.Combine(Oracles.Model(name), "config.transformers5.json")))
        {
            // Who wrote the file; what only training by others reads; what layer_types says.
            if (field is "transformers_version" or "router_aux_loss_coef" or "_sliding_window_pattern") continue;
            var written = field switch
            {
                "dtype" => ours["torch_dtype"],
                // what use_sliding_window false says
                "layer_types" when !ours.ContainsKey(field) => new JsonArray([.. Enumerable.Range(0, config.Layers).Select(_ => JsonValue.Create("full_attention"))]),
                "num_nextn_predict_layers" => value, // not kept
                _ when !ours.ContainsKey(field) && Defaults.TryGetValue(field, out var text) => JsonNode.Parse(text),
                _ => ours[field],
            };
            Same(written, value, field);
        }

        static void Same(JsonNode? written, JsonNode? expected, string field)
        {
            if (expected is JsonObject section)
            {
                foreach (var (name, value) in section) Same(written![name], value, $"{field}.{name}");
                return;
            }
            JsonNode.DeepEquals(written, expected)
                .ShouldBeTrue($"{field} is {written?.ToJsonString()}, transformers writes {expected?.ToJsonString()}");
            IsFloat(written)
                .ShouldBe(IsFloat(expected), $"{field} is {written?.ToJsonString()}, transformers writes {expected?.ToJsonString()}");
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Write_RandomShape_IsReadBackFromShardsAndInEitherSpelling(string architecture, int seed)
    {
        using var scope = NewDisposeScope();
        var config = RandomShapes.Config(architecture, seed);
        using var model = RandomShapes.Model(config, seed);
        ModelExport.Write(model, At("shards"), ScalarType.Float32, shardBytes: 6000);
        ModelConfig.Load(At("shards")).ShouldBe(config);
        using (var back = CausalLm.Load(At("shards"), CPU))
        {
            foreach (var ((name, expected), (_, actual)) in model.Weights.Zip(back.Weights))
                actual.equal(expected).all().item<bool>().ShouldBeTrue(name);
        }
        var index = Json(At("shards/model.safetensors.index.json"));
        ((long)index["metadata"]!["total_size"]!).ShouldBe(4 * model.Weights.Sum(weight => weight.Tensor.numel()));
        index["weight_map"]!.AsObject().Select(entry => entry.Key).Order(StringComparer.Ordinal)
            .ShouldBe(model.Weights.Select(weight => weight.Name).Order(StringComparer.Ordinal));

        using (var back = CausalLm.Load(At("shards"), CPU)) ModelExport.Write(back, At("one"), ScalarType.BFloat16, source: At("shards"));
        using (var half = CausalLm.Load(At("one"), CPU))
        {
            var trained = model.Parameters.Select(parameter => parameter.name).ToHashSet();
            foreach (var ((name, expected), (_, actual)) in model.Weights.Zip(half.Weights))
            {
                actual.equal(trained.Contains(name) ? expected.to(ScalarType.BFloat16).to(ScalarType.Float32) : expected).all().item<bool>()
                    .ShouldBeTrue(name);
            }
        }

        string[] older = ["rope_theta", "rope_scaling", .. config.Architecture.Rope.LocalTheta is { } local ? new[] { local.Field } : []];
        foreach (var fields in new[] { ["rope_parameters"], older })
        {
            var json = Json(At("shards/config.json"));
            foreach (var field in fields) json.Remove(field).ShouldBeTrue(field);
            ModelConfig.Parse(JsonSerializer.SerializeToUtf8Bytes(json), "config.json").ShouldBe(config, string.Join(", ", fields));
        }
    }

    [Fact]
    public void Write_FolderWithoutGenerationSettings_GetsThoseOfTheConfiguration()
    {
        using var model = TestModels.Create(TestModels.Config() with { BosTokenId = 1, EosTokenIds = [2, 7], PadTokenId = 0 });
        ModelExport.Write(model, folder, ScalarType.BFloat16);
        var settings = Json(At("generation_config.json"));
        settings["eos_token_id"]!.ToJsonString().ShouldBe("[2,7]");
        ((int)settings["bos_token_id"]!).ShouldBe(1);
        ((int)settings["pad_token_id"]!).ShouldBe(0);
    }

    /// <summary>
    /// vLLM scores experts by softmax and drops the correction unless config.json says otherwise; transformers 5 does not say it.
    /// </summary>
    [Fact]
    public void Write_ConfigurationOfTransformers5_GetsTheRoutingThatVllmReads()
    {
        var source = Oracles.Model("deepseek_v3");
        foreach (var name in new[] { "model.safetensors", "generation_config.json" }) File.Copy(Path.Combine(source, name), At(name));
        File.Copy(Path.Combine(source, "config.transformers5.json"), At("config.json"));
        using (var model = CausalLm.Load(folder, CPU)) ModelExport.Write(model, At("target"), ScalarType.BFloat16, folder);
        var written = Json(At("target/config.json"));
        ((string)written["scoring_func"]!, (string)written["topk_method"]!, (int)written["moe_layer_freq"]!, (string)written["dtype"]!)
            .ShouldBe(("sigmoid", "noaux_tc", 1, "bfloat16"));
    }

    [Fact]
    public void Write_ChatTemplatesAndBothTypeFields_AreKeptAndCorrected()
    {
        var source = At("source");
        using var model = TestModels.Create(TestModels.Config());
        Directory.CreateDirectory(Path.Combine(source, "additional_chat_templates"));
        model.Save(source);
        File.WriteAllText(Path.Combine(source, "additional_chat_templates", "tool_use.jinja"), "{{ messages }}");
        var json = Json(Path.Combine(source, "config.json"));
        json["dtype"] = "float32";
        File.WriteAllText(Path.Combine(source, "config.json"), json.ToJsonString());
        ModelExport.Write(model, At("target"), ScalarType.BFloat16, source);
        File.ReadAllText(At("target/additional_chat_templates/tool_use.jinja")).ShouldBe("{{ messages }}");
        var written = Json(At("target/config.json"));
        ((string)written["dtype"]!).ShouldBe("bfloat16");
        written.ContainsKey("torch_dtype").ShouldBeFalse();
    }

    private static void SameTensors(SafetensorsModel written, SafetensorsModel original)
    {
        using var scope = NewDisposeScope();
        written.Tensors.Select(pair => pair.Key).Order(StringComparer.Ordinal)
            .ShouldBe(original.Tensors.Select(pair => pair.Key).Order(StringComparer.Ordinal));
        foreach (var (name, expected) in original.Tensors)
        {
            var actual = written.Find(name)!;
            actual.Type.ShouldBe(expected.Type, name);
            actual.Shape.ShouldBe(expected.Shape, name);
            written.Read(name).bytes.SequenceEqual(original.Read(name).bytes).ShouldBeTrue(name);
        }
    }

    private static bool IsFloat(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.ToJsonString().AsSpan().ContainsAny(".eE");

    private static JsonObject Json(string path) => JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
}
