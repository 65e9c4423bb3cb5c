using R1Cloud.GpuJob.Models;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Bench;

/// <summary>
/// The decoder written the obvious way: eager operators, keys and values repeated for every query head, a cache that is concatenated.
/// </summary>
internal static class EagerBaseline
{
    /// <summary>Decodes a batch by sampling from the softmax.</summary>
    public static void Decode(CausalLm model, int batch, int promptLength, int newTokens)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var weights = model.Weights.ToDictionary(weight => weight.Name, weight => (Tensor)weight.Tensor);
        var keys = new Tensor?[model.Config.Layers];
        var values = new Tensor?[model.Config.Layers];
        var ids = ones([batch, promptLength], dtype: ScalarType.Int64);
        for (var step = 0; step < newTokens; step++)
        {
            var logits = Forward(model, weights, ids, step == 0 ? 0 : promptLength + step - 1, keys, values).select(1, -1);
            ids = logits.softmax(-1).multinomial(1);
        }
    }

    /// <summary>Logits [B, T, V]; with caches, keys and values are added to them.</summary>
    public static Tensor Forward(CausalLm model, Dictionary<string, Tensor> weights, Tensor ids, int past, Tensor?[]? keys,
        Tensor?[]? values)
    {
        var config = model.Config;
        long batch = ids.shape[0], time = ids.shape[1];
        var x = weights["model.embed_tokens.weight"].index_select(0, ids.flatten()).view(batch, time, config.HiddenSize);
        var (cosines, sines) = model.Rotary.Take(past + (int)time);
        Tensor cos = cosines.narrow(0, past, time).unsqueeze(1), sin = sines.narrow(0, past, time).unsqueeze(1);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            Tensor W(string name) => weights[$"model.layers.{layer}.{name}.weight"];
            var h = Norm(x, W("input_layernorm"), config);
            var q = Rotate(Heads(h, W("self_attn.q_proj"), config.Heads), cos, sin).transpose(1, 2);
            var k = Rotate(Heads(h, W("self_attn.k_proj"), config.KvHeads), cos, sin).transpose(1, 2);
            var v = Heads(h, W("self_attn.v_proj"), config.KvHeads).transpose(1, 2);
            if (keys is not null && values is not null)
            {
                k = keys[layer] = keys[layer] is { } oldKeys ? cat([oldKeys, k], 2) : k;
                v = values[layer] = values[layer] is { } oldValues ? cat([oldValues, v], 2) : v;
            }
            long group = config.Heads / config.KvHeads;
            k = k.repeat_interleave(group, 1);
            v = v.repeat_interleave(group, 1);
            var attended = nn.functional.scaled_dot_product_attention(q, k, v, is_casual: time > 1).transpose(1, 2)
                .reshape(batch, time, config.Heads * config.HeadDim);
            x = x + nn.functional.linear(attended, W("self_attn.o_proj"));
            h = Norm(x, W("post_attention_layernorm"), config);
            x = x + nn.functional.linear(
                nn.functional.silu(nn.functional.linear(h, W("mlp.gate_proj"))) * nn.functional.linear(h, W("mlp.up_proj")),
                W("mlp.down_proj"));
        }
        return nn.functional.linear(Norm(x, weights["model.norm.weight"], config), model.HeadWeight);

        Tensor Heads(Tensor h, Tensor weight, int heads) => nn.functional.linear(h, weight).view(batch, time, heads, config.HeadDim);
    }

    private static Tensor Norm(Tensor x, Tensor weight, ModelConfig config) =>
        x * (x.pow(2).mean([-1], keepdim: true) + config.RmsNormEps).rsqrt() * weight;

    private static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        var halves = x.chunk(2, -1);
        return cat([(halves[0] * cos) - (halves[1] * sin), (halves[1] * cos) + (halves[0] * sin)], -1);
    }
}
