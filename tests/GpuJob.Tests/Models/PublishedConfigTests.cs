using R1Cloud.Testing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

/// <summary>config.json of published models, and the rotary frequencies that they mean.</summary>
public sealed class PublishedConfigTests
{
    private static readonly JsonElement Published = Fixture("published_configs.json");

    public static TheoryData<string> Names => [.. Published.EnumerateObject().Select(model => model.Name)];

    public static TheoryData<int> Rotaries => [.. Enumerable.Range(0, Fixture("rope_frequencies.json").GetArrayLength())];

    [Theory, MemberData(nameof(Names))]
    public void Parse_PublishedConfig_IsReadAndHasThatManyParameters(string name)
    {
        var model = Published.GetProperty(name);
        var config = Parse(model.GetProperty("config").GetRawText());
        config.ParameterCount().ShouldBe(model.GetProperty("parameters").GetInt64());
        using (NewDisposeScope())
        {
            using var shape = CausalLm.Shape(config);
            shape.Parameters.Sum(parameter => parameter.parameter.numel()).ShouldBe(config.ParameterCount());
        }
        (Parse(Encoding.UTF8.GetString(config.ToJson())) with { NextTokenLayers = config.NextTokenLayers,
            Float8Block = config.Float8Block }).ShouldBe(config);
    }

    [Theory]
    [InlineData("Qwen2.5-7B", "dual_chunk_attention_config", """{"chunk_size":262144}""")]
    [InlineData("Qwen2.5-7B", "use_sliding_window", "true")]
    [InlineData("Qwen2.5-7B", "layer_types", """["full_attention","sliding_attention"]""")]
    [InlineData("Qwen2.5-7B", "quantization_config", """{"quant_method":"gptq","bits":4}""")]
    [InlineData("Qwen3-8B-FP8", "quantization_config", """{"quant_method":"fp8","fmt":"e5m2"}""")]
    [InlineData("SmolLM2-135M", "rope_interleaved", "true")]
    [InlineData("SmolLM2-135M", "no_rope_layers", "[0,1]")]
    [InlineData("Llama-3.1-70B", "rope_scaling", """{"rope_type":"dynamic","factor":2}""")]
    [InlineData("Llama-3.1-70B", "rope_scaling", """{"rope_type":"default","mrope_section":[16,24,24]}""")]
    [InlineData("DeepSeek-V3", "index_topk", "2048")]
    [InlineData("DeepSeek-V3", "scoring_func", "\"softmax\"")]
    [InlineData("DeepSeek-V3", "moe_layer_freq", "2")]
    public void Parse_WhatChangesTheModel_IsRefusedByName(string name, string field, string value)
    {
        var json = JsonNode.Parse(Published.GetProperty(name).GetProperty("config").GetRawText())!.AsObject();
        json[field] = JsonNode.Parse(value);
        var message = Should.Throw<BadInputException>(() => Parse(json.ToJsonString())).Message;
        message.ShouldContain(field);
        (message.Contains("supported are", StringComparison.Ordinal) || message.Contains("allowed is", StringComparison.Ordinal))
            .ShouldBeTrue(message);
    }

    [Theory]
    [InlineData("mixtral"), InlineData("gemma3"), InlineData("gemma2"), InlineData("qwen2_moe"), InlineData("deepseek_v2"),
        InlineData("deepseek_v32"), InlineData("kimi_k2"), InlineData("gpt_oss")]
    public void Parse_OtherArchitecture_ListsThoseSupported(string type) =>
        Should.Throw<BadInputException>(() => Parse($$"""{"model_type":"{{type}}","hidden_size":64}"""))
            .Message.ShouldContain("llama, qwen2, qwen3, deepseek_v3");

    [Fact]
    public void Parse_DeepSeekWithoutRouting_RoutesAsTransformersDoes()
    {
        var json = JsonNode.Parse(Published.GetProperty("DeepSeek-V3").GetProperty("config").GetRawText())!.AsObject();
        var whole = Parse(json.ToJsonString());
        foreach (var field in (string[])["n_group", "topk_group", "routed_scaling_factor", "norm_topk_prob", "first_k_dense_replace",
            "n_shared_experts"]) json.Remove(field);
        Parse(json.ToJsonString()).ShouldBe(whole);
    }

    [Fact]
    public void Parse_OwnAttentionFactor_MultipliesTheCustomaryOne() =>
        Parse(Published.GetProperty("DeepSeek-R1-0528-Qwen3-8B").GetProperty("config").GetRawText()).Rope.Amplitude.ShouldBe(1, 1e-12);

    /// <summary>The fixture's numbers are PyTorch's, in the order of transformers' operations.</summary>
    [Theory, MemberData(nameof(Rotaries))]
    public void Frequencies_ScaledRotary_AreTheOraclesToTheLastBit(int index)
    {
        var oracle = Fixture("rope_frequencies.json")[index];
        var dim = oracle.GetProperty("head_dim").GetInt32();
        var rope = Parse($$"""
            {"model_type":"llama","hidden_size":{{dim}},"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":1,"vocab_size":8,"max_position_embeddings":4096,
             "rope_theta":{{oracle.GetProperty("rope_theta").GetRawText()}},"rope_scaling":{{oracle.GetProperty("rope_scaling").GetRawText()}}}
            """).Rope;
        rope.Frequencies(dim).ShouldBe(oracle.GetProperty("frequencies").Floats());
        rope.Amplitude.ShouldBe(oracle.GetProperty("amplitude").GetDouble(), 1e-12);
    }

    private static ModelConfig Parse(string json) => ModelConfig.Parse(Encoding.UTF8.GetBytes(json), "config.json");

    private static JsonElement Fixture(string name) =>
        JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(Oracles.TestsFolder, "Models", "Fixtures", name)));
}
