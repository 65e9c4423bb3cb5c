using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>A tiny model folder as a stranger might bring it: model, byte-level tokenizer, chat template; an adapter beside it.</summary>
internal sealed class StrangersFolder : IDisposable
{
    public const string Adapter = "adapter";

    public const string Template =
        "{% for m in messages %}{{ '<s>' + m['role'] + ':' + m['content'] | trim + '</s>' }}{% endfor %}{% if add_generation_prompt %}{{ "
        + "'<s>assistant:' }}{% endif %}";

    /// <summary>Makes the folder.</summary>
    /// <param name="rows">Rows of the model's vocabulary; the tokenizer has 259 tokens.</param>
    /// <param name="tied">Whether the output projection is the embedding.</param>
    public StrangersFolder(int rows = 259, bool tied = false)
    {
        using var model =
            TestModels.Create(
                TestModels.Config(hidden: 16, layers: 2, heads: 2, kvHeads: 1, headDim: 8, intermediate: 24, vocabulary: rows, tied: tied));
        model.Save(Root);
        LoraAdapter.Attach(model, new LoraConfig { Rank = 2, Alpha = 4, Targets = ["q_proj", "v_proj"] }, seed: 2);
        LoraAdapter.Save(model, Directory.CreateDirectory(At(Adapter)).FullName);
        WriteTokenizer();
        File.WriteAllText(At("generation_config.json"), """{ "eos_token_id": 2 }""");
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("r1-stranger-").FullName;

    public string At(string name) => Path.Combine(Root, name);

    /// <summary>Changes fields of a JSON file; null takes a field away.</summary>
    public StrangersFolder With(string file, params (string Field, string? Json)[] changes)
    {
        var json = JsonNode.Parse(File.ReadAllBytes(At(file)))!.AsObject();
        foreach (var (field, value) in changes)
        {
            json.Remove(field);
            if (value is not null) json[field] = JsonNode.Parse(value);
        }
        File.WriteAllText(At(file), json.ToJsonString());
        return this;
    }

    /// <summary>Changes the tensors of a safetensors file.</summary>
    public StrangersFolder WithTensors(string file, Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors;
        using (var reader = new SafetensorsReader(At(file))) tensors = reader.Tensors.Keys.ToDictionary(name => name, reader.Read);
        change(tensors);
        File.Delete(At(file));
        SafetensorsWriter.Write(At(file), tensors.Select(pair => (pair.Key, pair.Value)));
        return this;
    }

    public StrangersFolder WithText(string file, string content)
    {
        File.WriteAllText(At(file), content);
        return this;
    }

    /// <summary>Loads the model; what is wrong is said in one line.</summary>
    public string Refusal(Action<string>? load = null)
    {
        var error = Should.Throw<BadInputException>(() =>
        {
            if (load is not null) load(Root);
            else CausalLm.Load(Root, CPU).Dispose();
        });
        error.Message.ShouldNotContain('\n');
        error.Message.ShouldContain(Root);
        return error.Message;
    }

    private void WriteTokenizer()
    {
        var vocabulary = new JsonObject { ["<pad>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        for (int value = 0, others = 0; value < 256; value++)
        {
            var printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            vocabulary[((char)(printable ? value : 256 + others++)).ToString()] = value + 3;
        }
        static JsonObject Added(int id, string content) => new()
        {
            ["id"] = id, ["content"] = content, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false,
                ["special"] = true,
        };
        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(Added(0, "<pad>"), Added(1, "<s>"), Added(2, "</s>")),
            ["normalizer"] = JsonNode.Parse("""{ "type": "NFC" }"""),
            ["pre_tokenizer"] = JsonNode.Parse("""
                { "type": "Sequence", "pretokenizers": [
                  { "type": "Split", "pattern": { "Regex": "\\s+(?!\\S)|[^\\s\\d]+|\\d{1,3}|\\s+" }, "behavior": "Isolated", "invert": false },
                  { "type": "ByteLevel", "add_prefix_space": false, "use_regex": false } ] }
                """),
            ["post_processor"] = null,
            ["decoder"] = JsonNode.Parse("""{ "type": "ByteLevel" }"""),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        File.WriteAllText(At("tokenizer.json"), tokenizer.ToJsonString());
        File.WriteAllText(At("tokenizer_config.json"), new JsonObject
        {
            ["bos_token"] = "<s>", ["eos_token"] = "</s>", ["pad_token"] = "<pad>", ["add_bos_token"] = false, ["chat_template"] = Template,
        }.ToJsonString());
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
