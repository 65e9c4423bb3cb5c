using System.Text;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Tests.Models;

/// <summary>What single architectures' files say, leave open and must not say.</summary>
public sealed class ArchitectureConfigTests
{
    [Theory]
    [InlineData("gemma3_text", "attn_logit_softcapping", "30.0", "null")]
    [InlineData("gemma3_text", "final_logit_softcapping", "30.0", "null")]
    [InlineData("gemma3_text", "use_bidirectional_attention", "true", "false")]
    [InlineData("gemma3_text", "hidden_activation", "\"gelu\"", "gelu_pytorch_tanh")]
    [InlineData("gemma3_text", "hidden_act", "\"silu\"", "gelu_pytorch_tanh")]
    [InlineData("gemma3_text", "sliding_window", "null", "a whole number above 0")]
    [InlineData("gemma3_text", "layer_types", """["full_attention"]""", "one for each of 6 layers")]
    [InlineData("gemma3_text", "rope_parameters", """{"rope_type":"default"}""", "full_attention and sliding_attention alone")]
    [InlineData("gemma3_text", "query_pre_attn_scalar", "0", "a number above 0")]
    [InlineData("olmo3", "layer_types", """["full_attention","chunked_attention","full_attention","full_attention"]""", "sliding_attention")]
    [InlineData("olmo2", "sliding_window", "24", "not supported with model_type 'olmo2'")]
    [InlineData("olmo2", "clip_qkv", "8.0", "not supported with model_type 'olmo2'")]
    [InlineData("mistral", "sliding_window", "0", "a whole number above 0")]
    [InlineData("mistral", "layer_types", """["full_attention","full_attention"]""", "not supported with model_type 'mistral'")]
    [InlineData("mistral", "rope_scaling", """{"rope_type":"longrope","short_factor":[1],"long_factor":[1]}""", "'yarn'")]
    [InlineData("phi3", "rope_scaling", """{"rope_type":"yarn","factor":2}""", "'default', 'longrope'")]
    [InlineData("phi3", "partial_rotary_factor", "0.7", "an even part of a head (16)")]
    [InlineData("phi3_longrope", "partial_rotary_factor", "0.5", "the same number")]
    [InlineData("phi3_longrope", "original_max_position_embeddings", "128", "original_max_position_embeddings is 64; allowed is 128")]
    [InlineData("phi3_longrope", "rope_scaling", """{"type":"longrope","short_factor":[1],"long_factor":[1,2,3,4,5,6],"partial_rotary_factor":0.75}""",
        "a list of 6 numbers above 0")]
    [InlineData("qwen3_moe", "mlp_only_layers", "[3]", "layers below 3")]
    [InlineData("qwen3_moe", "num_experts_per_tok", "9", "up to num_experts (8)")]
    [InlineData("qwen3_moe", "decoder_sparse_step", "0", "a whole number above 0")]
    [InlineData("qwen3_moe", "num_local_experts", "7", "disagree")]
    [InlineData("qwen3_moe", "use_sliding_window", "true", "false")]
    [InlineData("qwen3_moe", "n_shared_experts", "1", "not supported with model_type 'qwen3_moe'")]
    public void Parse_WhatIsNotImplemented_IsRefusedByFieldAndValue(string name, string field, string value, string named)
    {
        var message = Should.Throw<BadInputException>(() => With(name, (field, value))).Message;
        message.ShouldContain(field);
        message.ShouldContain(named);
    }

    /// <summary>As transformers' configuration classes have it.</summary>
    [Fact]
    public void Parse_WhatAFileLeavesOpen_IsReadAsTransformersDoes()
    {
        With("mistral", ("sliding_window", "null")).Sliding.ShouldBeNull();
        Without("mistral", "sliding_window").Sliding!.Width.ShouldBe(4096);
        With("mistral", ("head_dim", "null")).HeadDim.ShouldBe(16);
        With("mistral", ("num_key_value_heads", "null")).KvHeads.ShouldBe(4);
        With("mistral", ("num_attention_heads", "16"), ("num_key_value_heads", "8")).KvHeads.ShouldBe(8);
        Should.Throw<BadInputException>(() => Without("mistral", "num_key_value_heads")).Message.ShouldContain("is 8");

        var gemma = Without("gemma3_text", "head_dim", "query_pre_attn_scalar", "sliding_window", "sliding_window_pattern",
            "rope_local_base_freq", "rope_theta", "rope_scaling", "tie_word_embeddings");
        (gemma.HeadDim, gemma.QueryScalar, gemma.Sliding!.Width, gemma.TieWordEmbeddings).ShouldBe((256, 256, 4096, true));
        gemma.Sliding.Layers.ShouldBe([true, true, true, true, true, false]);
        (gemma.Rope.Theta, gemma.LocalRope!.Theta).ShouldBe((1e6, 10000));
        With("gemma3_text", ("sliding_window_pattern", "2")).Sliding!.Layers.ShouldBe([true, false, true, false, true, false]);

        var olmo = Without("olmo3", "layer_types", "sliding_window", "rms_norm_eps", "rope_theta");
        olmo.Sliding!.Layers.ShouldBe([true, true, true, false]);
        (olmo.Sliding.Width, olmo.RmsNormEps, olmo.Rope.Theta, olmo.LocalRope!.Theta).ShouldBe((4096, 1e-5, 500000, 500000));
        (olmo.Rope.Yarn is null, olmo.LocalRope.Yarn is null).ShouldBe((false, true)); // scaling is of the full layers alone
        With("olmo3", ("layer_types", """["full_attention","full_attention","full_attention","full_attention"]"""))
            .Sliding.ShouldBeNull();

        Without("qwen3_moe", "norm_topk_prob").Experts!.Normalize.ShouldBeFalse();
        With("qwen3_moe", ("num_experts", "0")).Experts.ShouldBeNull();
        var sparse = With("qwen3_moe", ("decoder_sparse_step", "2"), ("mlp_only_layers", "[]"));
        Enumerable.Range(0, 3).Select(sparse.HasExperts).ShouldBe([false, true, false]);

        Without("phi3", "original_max_position_embeddings").OriginalMaxPositions.ShouldBe(4096);
        // √(1 + ln(2048 / 64) / ln 64)
        With("phi3_longrope").Rope.Amplitude.ShouldBe(Math.Sqrt(1 + (5.0 / 6)), 1e-12);
        Rope(("factor", "4")).Amplitude.ShouldBe(Math.Sqrt(1 + (2.0 / 6)), 1e-12);
        Rope(("factor", "0.5")).Amplitude.ShouldBe(1);
        Rope(("attention_factor", "1.25")).Amplitude.ShouldBe(1.25);
        Rope(("type", "\"su\"")).ShouldBe(With("phi3_longrope").Rope);

        static RopeConfig Rope((string Field, string Value) change)
        {
            var json = Json("phi3_longrope");
            json["rope_scaling"]![change.Field] = JsonNode.Parse(change.Value);
            return Parse(json).Rope;
        }
    }

    /// <summary>Adapters go onto whatever linear maps a layer has, the fused ones too.</summary>
    [Theory]
    [InlineData("phi3", "down_proj, gate_up_proj, o_proj, qkv_proj")]
    [InlineData("gemma3_text", "down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj")]
    public void Attach_AllLinear_CoversTheLayersMaps(string name, string maps)
    {
        using var model = CausalLm.Load(Oracles.Model(name), TorchSharp.torch.CPU);
        LoraAdapter.Attach(model, new LoraConfig { Rank = 2 }, seed: 1);
        string.Join(", ", model.Projections.Where(item => item.Projection.Adapter is not null).Select(item => item.Name.Split('.')[^1])
            .Distinct().Order(StringComparer.Ordinal)).ShouldBe(maps);
    }

    private static ModelConfig With(string name, params (string Field, string Value)[] changes)
    {
        var json = Json(name);
        foreach (var (field, value) in changes) json[field] = JsonNode.Parse(value);
        return Parse(json);
    }

    private static ModelConfig Without(string name, params string[] fields)
    {
        var json = Json(name);
        foreach (var field in fields) json.Remove(field).ShouldBeTrue(field);
        return Parse(json);
    }

    private static JsonObject Json(string name) =>
        JsonNode.Parse(File.ReadAllBytes(Path.Combine(Oracles.Model(name), "config.json")))!.AsObject();

    private static ModelConfig Parse(JsonObject json) => ModelConfig.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "config.json");
}
