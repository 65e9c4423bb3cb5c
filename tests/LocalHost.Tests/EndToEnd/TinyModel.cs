using System.Buffers.Binary;
using System.Text.Json;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>A Qwen2 of 30,000 random weights with a byte-level tokenizer, in the layout in which models are published.</summary>
internal static class TinyModel
{
    private const int Hidden = 32, Layers = 2, Heads = 4, KvHeads = 2, Intermediate = 48, Vocabulary = 288;

    /// <summary>Writes the folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="positions">The longest sequence.</param>
    public static void Write(string folder, int positions = 256)
    {
        Directory.CreateDirectory(folder);
        void Json(string name, object content) => File.WriteAllText(Path.Combine(folder, name), JsonSerializer.Serialize(content));
        Json("config.json", new
        {
            architectures = new[] { "Qwen2ForCausalLM" }, model_type = "qwen2", hidden_act = "silu", hidden_size = Hidden,
                num_hidden_layers = Layers, num_attention_heads = Heads,
            num_key_value_heads = KvHeads, intermediate_size = Intermediate, vocab_size = Vocabulary, max_position_embeddings = positions,
                rope_theta = 10000.0, rms_norm_eps = 1e-6,
            tie_word_embeddings = true, eos_token_id = 256, torch_dtype = "float32",
        });
        Json("tokenizer.json", new
        {
            added_tokens = new[] { new { id = 256, content = "<|end|>", special = true } },
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false, use_regex = true },
            decoder = new { type = "ByteLevel" },
            model = new { type = "BPE", vocab = Bytes(), merges = Array.Empty<string>() },
        });
        Json("tokenizer_config.json",
            new { eos_token = "<|end|>", chat_template = "{% for m in messages %}Q: {{ m.content }}\nA: {% endfor %}" });
        Json("generation_config.json", new { eos_token_id = 256, top_p = 0.8 });
        WriteWeights(Path.Combine(folder, "model.safetensors"));
    }

    // Byte-level BPE writes printable bytes as they are, and the others as characters from U+0100 on.
    private static Dictionary<string, int> Bytes()
    {
        var others = 0;
        return Enumerable.Range(0, 256)
            .ToDictionary(value =>
                ((char)(value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174 ? value : 256 + others++)).ToString(), value => value);
    }

    private static IEnumerable<(string Name, int[] Shape)> Tensors()
    {
        yield return ("model.embed_tokens.weight", [Vocabulary, Hidden]);
        for (var layer = 0; layer < Layers; layer++)
        {
            var at = $"model.layers.{layer}.";
            var keys = Hidden / Heads * KvHeads;
            yield return (at + "input_layernorm.weight", [Hidden]);
            yield return (at + "post_attention_layernorm.weight", [Hidden]);
            foreach (var (name, rows) in new[] { ("q", Hidden), ("k", keys), ("v", keys) })
            {
                yield return ($"{at}self_attn.{name}_proj.weight", [rows, Hidden]);
                yield return ($"{at}self_attn.{name}_proj.bias", [rows]);
            }
            yield return (at + "self_attn.o_proj.weight", [Hidden, Hidden]);
            yield return (at + "mlp.gate_proj.weight", [Intermediate, Hidden]);
            yield return (at + "mlp.up_proj.weight", [Intermediate, Hidden]);
            yield return (at + "mlp.down_proj.weight", [Hidden, Intermediate]);
        }
        yield return ("model.norm.weight", [Hidden]);
    }

    private static void WriteWeights(string file)
    {
        var random = new Random(1);
        var header = new Dictionary<string, object>();
        using var data = new MemoryStream();
        var number = new byte[4];
        foreach (var (name, shape) in Tensors())
        {
            var begin = data.Length;
            for (var i = 0; i < shape.Aggregate(1, (a, b) => a * b); i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(number,
                    name.Contains("norm", StringComparison.Ordinal) ? 1 : (float)(random.NextDouble() - 0.5) * 0.2f);
                data.Write(number);
            }
            header[name] = new { dtype = "F32", shape, data_offsets = new[] { begin, data.Length } };
        }
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        using var output = File.Create(file);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        output.Write(length);
        output.Write(json);
        data.Position = 0;
        data.CopyTo(output);
    }
}
