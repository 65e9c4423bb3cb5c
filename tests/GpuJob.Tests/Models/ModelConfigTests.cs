using System.Text;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

public sealed class ModelConfigTests
{
    public static TheoryData<string> Spelled => Oracles.ModelsWith("config.transformers5.json");

    [Theory, MemberData(nameof(Spelled))]
    public void Parse_BothSpellings_AreTheSame(string name)
    {
        var older = Read(name, "config.json");
        var newer = Read(name, "config.transformers5.json");
        (newer with { EosTokenIds = older.EosTokenIds }).ShouldBe(older);
        newer.EosTokenIds.ShouldNotBeEmpty();
        (ModelConfig.Parse(older.ToJson(), "written") with { EosTokenIds = older.EosTokenIds })
            .ShouldBe(older with { NextTokenLayers = 0 });
        if (older.ModelType == "qwen2") older.QkvBias.ShouldBeTrue();
    }

    [Fact]
    public void ParameterCount_Model_IsWhatItHas()
    {
        foreach (var config in new[] { TestModels.Config(), TestModels.Config(tied: false), TestModels.Config(bias: true),
            TestModels.Config() with { QkvBias = true, OutputBias = true } })
        {
            using var model = TestModels.Create(config);
            model.Weights.Sum(weight => weight.Tensor.numel()).ShouldBe(config.ParameterCount());
        }
    }

    [Fact]
    public void Create_SameSeed_IsBitwiseTheSame()
    {
        using var a = TestModels.Create(TestModels.Config(), 5);
        using var b = TestModels.Create(TestModels.Config(), 5);
        using var c = TestModels.Create(TestModels.Config(), 6);
        foreach (var ((name, x), (_, y)) in a.Weights.Zip(b.Weights)) x.bytes.SequenceEqual(y.bytes).ShouldBeTrue(name);
        a.Weights[0].Tensor.bytes.SequenceEqual(c.Weights[0].Tensor.bytes).ShouldBeFalse();
        using var scope = NewDisposeScope();
        a.HeadWeight.std().item<float>().ShouldBe((float)(0.506 / Math.Sqrt(32)), 0.01f);
    }

    [Theory]
    [InlineData("model_type", "\"gpt2\"", "llama, qwen2")]
    [InlineData("model_type", null, "llama, qwen2")]
    [InlineData("hidden_size", "0", "a whole number above 0")]
    [InlineData("hidden_size", null, "hidden_size is missing")]
    [InlineData("num_hidden_layers", "\"two\"", "num_hidden_layers")]
    [InlineData("num_key_value_heads", "3", "a divisor of num_attention_heads (4)")]
    [InlineData("num_attention_heads", "6", "a divisor")]
    [InlineData("head_dim", "15", "an even number")]
    [InlineData("rms_norm_eps", "-1", "above 0")]
    [InlineData("tie_word_embeddings", "1", "true or false")]
    [InlineData("hidden_act", "\"gelu\"", "silu")]
    [InlineData("rope_scaling", """{"rope_type":"longrope"}""", "'default', 'linear', 'llama3', 'yarn'")]
    [InlineData("logits_soft_cap", "30", "supported are")]
    [InlineData("use_qk_norm", "true", "not supported with model_type 'llama'")]
    [InlineData("mlp_bias", "1", "true or false")]
    [InlineData("eos_token_id", "[2, -1]", "token id")]
    [InlineData("eos_token_id", "-3", "token id")]
    public void Parse_WrongField_NamesFileFieldAndAllowed(string field, string? value, string named)
    {
        var json = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Oracles.Model("llama"), "config.json")))!.AsObject();
        if (value is null) json.Remove(field);
        else json[field] = JsonNode.Parse(value);
        var message =
            Should.Throw<BadInputException>(() => ModelConfig.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "some/config.json"))
            .Message;
        message.ShouldStartWith("some/config.json: ");
        message.ShouldContain(field);
        message.ShouldContain(named);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Equals_SameFileReadTwice_IsEqual(string name)
    {
        var (one, two) = (Read(name, "config.json"), Read(name, "config.json"));
        two.ShouldBe(one);
        two.GetHashCode().ShouldBe(one.GetHashCode());
        (two with { EosTokenIds = [.. one.EosTokenIds, 7] }).ShouldNotBe(one);
        (two with { EosTokenIds = [.. one.EosTokenIds] }).ShouldBe(one);
        (two with { Layers = one.Layers + 1 }).ShouldNotBe(one);
    }

    /// <summary>
    /// As transformers' configuration classes: either spelling of the rope will do, Qwen3's heads are 128 wide unless the file says.
    /// </summary>
    [Fact]
    public void Parse_WhatAFileLeavesOpen_IsReadAsTransformersDoes()
    {
        ModelConfig With(string name, params (string Field, string? Value)[] changes)
        {
            var json = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Oracles.Model(name), "config.json")))!.AsObject();
            foreach (var (field, value) in changes) json[field] = value is null ? null : JsonNode.Parse(value);
            return ModelConfig.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "config.json");
        }
        var rope = With("llama3_rope", ("rope_parameters", null)).Rope;
        (rope.Theta, rope.Llama3 is null).ShouldBe((500000, false));
        With("llama3_rope", ("rope_theta", null), ("rope_scaling", "{}"),
            ("rope_parameters", """{"rope_type":"linear","factor":2,"rope_theta":7}"""))
            .Rope.ShouldBe(new RopeConfig { Theta = 7, LinearFactor = 2 });
        With("qwen3", ("head_dim", null)).HeadDim.ShouldBe(128);
        With("llama", ("head_dim", null)).HeadDim.ShouldBe(16);
        Should.Throw<BadInputException>(() => With("llama", ("rope_parameters", """{"partial_rotary_factor":0.5}""")))
            .Message.ShouldContain("rope_parameters.partial_rotary_factor is 0.5; allowed is 1");
    }

    private static ModelConfig Read(string name, string file) =>
        ModelConfig.Parse(File.ReadAllBytes(Path.Combine(Oracles.Model(name), file)), file);

    [Fact]
    public void Supported_Architectures_AreThoseThatRecipesMayImport() =>
        Architectures.Supported.ShouldBe(string.Join(", ", R1Cloud.Shared.Recipes.Reading.KnownNames.Architectures));
}
