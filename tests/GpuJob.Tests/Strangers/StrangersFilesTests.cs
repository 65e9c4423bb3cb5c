using System.Text;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Chat;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>Model folders of strangers: what does not fit is named, in one line with the file, before anything is built.</summary>
public sealed class StrangersFilesTests
{
    private const string Weights = "model.safetensors", Index = "model.safetensors.index.json", Norm = "model.norm.weight",
        Head = "lm_head.weight", Embedding = "model.embed_tokens.weight";

    [Theory]
    [InlineData("hidden_size", "2147483647", "hidden_size is 2147483647")]
    [InlineData("num_hidden_layers", "2000000000", "num_hidden_layers is 2000000000")]
    [InlineData("num_attention_heads", "2147483646", "num_attention_heads × head_dim")]
    [InlineData("intermediate_size", "2147483647", "intermediate_size is 2147483647")]
    [InlineData("vocab_size", "2147483647", "vocab_size is 2147483647")]
    [InlineData("head_dim", "2147483646", "head_dim")]
    [InlineData("hidden_size", "\"16\"", "hidden_size is")]
    [InlineData("max_position_embeddings", null, "max_position_embeddings is missing")]
    [InlineData("layer_types", "\"full_attention\"", "layer_types")]
    [InlineData("layer_types", "[\"full_attention\"]", "one for each of 2 layers")]
    [InlineData("rope_scaling", """{ "rope_type": "linear" }""", "rope_scaling.factor is missing")]
    [InlineData("rope_scaling", """{ "rope_type": "yarn", "original_max_position_embeddings": 32 }""", "rope_scaling.factor is missing")]
    [InlineData("rope_scaling", """{ "rope_type": "yarn", "factor": 2 }""", "rope_scaling.original_max_position_embeddings is missing")]
    [InlineData("rope_scaling", """{ "rope_type": "llama3", "factor": 8, "high_freq_factor": 4, "original_max_position_embeddings": 32 }""",
        "rope_scaling.low_freq_factor is missing")]
    [InlineData("rope_scaling", """{ "factor": 4.0 }""", "rope_scaling.rope_type is missing")]
    [InlineData("quantization_config", """{ "quant_method": "fp8", "weight_block_size": [128, 128], "bits": 4 }""",
        "quantization_config.bits")]
    [InlineData("quantization_config", """{ "weight_block_size": [128, 128] }""", "quantization_config.quant_method is missing")]
    [InlineData("quantization_config", """{ "quant_method": "fp8" }""", "quantization_config.weight_block_size is missing")]
    public void Load_ConfigThatDoesNotFit_NamesTheField(string field, string? value, string named)
    {
        using var folder = new StrangersFolder();
        var qwen = field == "layer_types";
        folder.With("config.json", (field, value), ("rope_parameters", null));
        if (qwen) folder.With("config.json", ("model_type", "\"qwen2\""), ("mlp_bias", null));
        folder.Refusal().ShouldContain(named);
    }

    [Theory]
    [InlineData("rope_scaling", """{ "rope_type": "linear", "factor": 2 }""", "rope_scaling and rope_parameters disagree")]
    [InlineData("rope_parameters", """{ "rope_type": "default", "rope_theta": 77 }""",
        "rope_theta is 10000, and rope_parameters.rope_theta is 77")]
    [InlineData("rope_parameters", """{ "rope_type": "linear", "type": "yarn", "factor": 2 }""",
        "rope_parameters.type is yarn, and rope_parameters.rope_type is linear")]
    [InlineData("rope_parameters", """{ "rope_type": "default", "factor": 4 }""", "rope_parameters.factor is 4; allowed is 1")]
    [InlineData("rope_parameters",
        """{ "rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1, "original_max_position_embeddings": 32 }""",
        "high_freq_factor is 1")]
    [InlineData("rope_theta", "1e308", "rope_theta")]
    [InlineData("rms_norm_eps", "1e300", "rms_norm_eps")]
    [InlineData("eos_token_id", "[2, 259]", "eos_token_id is 259")]
    public void Load_ConfigThatContradictsItself_NamesTheFields(string field, string? value, string named)
    {
        using var folder = new StrangersFolder();
        folder.With("config.json", (field, value));
        folder.Refusal().ShouldContain(named);
    }

    [Fact]
    public void Load_BothSpellingsOfOneRope_AreFine()
    {
        using var folder = new StrangersFolder();
        folder.With("config.json", ("rope_scaling", """{ "rope_type": "linear", "type": "linear", "factor": 2 }"""),
            ("rope_parameters", """{ "rope_type": "linear", "factor": 2.0, "rope_theta": 10000 }"""));
        CausalLm.Load(folder.Root, CPU).Dispose();
    }

    [Theory]
    [InlineData("tokenizer.json", "added_tokens", """[{ "id": 60, "content": "<x>", "special": true }]""",
        "'<x>' has the id 60, which is that of '9'")]
    [InlineData("tokenizer.json", "added_tokens", """[{ "id": 300, "content": "<x>" }, { "id": 300, "content": "<y>" }]""",
        "'<y>' has the id 300, which is that of '<x>'")]
    [InlineData("tokenizer.json", "added_tokens", """[{ "id": 300, "content": "<x>" }, { "id": 301, "content": "<x>" }]""",
        "'<x>' has the ids 300 and 301")]
    [InlineData("tokenizer.json", "added_tokens", """[{ "id": 300, "content": "Z" }]""", "'Z' has the ids 93 and 300")]
    [InlineData("tokenizer.json", "model", """{ "type": "BPE", "vocab": { "a": 5, "b": 5 }, "merges": [] }""",
        "'b' has the id 5, which is that of 'a'")]
    [InlineData("tokenizer_config.json", "added_tokens_decoder", """{ "2": { "content": "<end>", "special": true } }""",
        "'<end>' has the id 2, which is that of '</s>'")]
    [InlineData("tokenizer_config.json", "added_tokens_decoder", """{ "300": { "content": "</s>", "special": true } }""",
        "'</s>' has the ids 2 and 300")]
    public void Load_TokensThatShareAnIdOrHaveTwo_AreNamed(string file, string field, string value, string named)
    {
        using var folder = new StrangersFolder();
        folder.With(file, (field, value));
        var message = folder.Refusal(root => TokenizerLoader.Load(root));
        message.ShouldContain(named);
        message.ShouldContain(file);
    }

    [Theory]
    [InlineData("259")]
    [InlineData("[2, 100000]")]
    public void Check_EndMarkThatTheModelDoesNotHave_IsNamed(string ids)
    {
        using var folder = new StrangersFolder();
        folder.With("generation_config.json", ("eos_token_id", ids));
        folder.Refusal(root => ModelFolder.Check(root)).ShouldContain("eos_token_id");
    }

    [Fact]
    public void Load_FieldTwice_IsRefused()
    {
        using var folder = new StrangersFolder();
        foreach (var file in new[] { "config.json", "tokenizer.json", "tokenizer_config.json",
            $"{StrangersFolder.Adapter}/adapter_config.json" })
        {
            var text = File.ReadAllText(folder.At(file));
            var first = text.IndexOf(':', StringComparison.Ordinal);
            File.WriteAllText(folder.At(file), text[0] + text[1..first] + ": null," + text[1..]);
            folder.Refusal(Load(file)).ShouldContain("it is not JSON");
            File.WriteAllText(folder.At(file), text);
        }
    }

    [Fact]
    public void Load_GitLfsPointer_IsToldSo()
    {
        using var folder = new StrangersFolder();
        foreach (var file in new[] { "config.json", Weights, "tokenizer.json", $"{StrangersFolder.Adapter}/adapter_config.json",
            $"{StrangersFolder.Adapter}/adapter_model.safetensors" })
        {
            var content = File.ReadAllBytes(folder.At(file));
            File.WriteAllText(folder.At(file),
                "version https://git-lfs.github.com/spec/v1\noid "
                + "sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n");
            var message = folder.Refusal(Load(file));
            message.ShouldContain(Path.GetFileName(file));
            message.ShouldContain("Git LFS pointer");
            File.WriteAllBytes(folder.At(file), content);
        }
    }

    [Fact]
    public void Load_IndexOfTheWrongKind_IsNamed()
    {
        using var folder = new StrangersFolder();
        var shards = folder.At("shards");
        using (var model = CausalLm.Load(folder.Root, CPU))
            ModelExport.Write(model, shards, ScalarType.Float32, folder.Root, shardBytes: 8_000);
        CausalLm.Load(shards, CPU).Dispose();
        var index = File.ReadAllText(Path.Combine(shards, Index));
        void ShouldSay(string content, string named)
        {
            File.WriteAllText(Path.Combine(shards, Index), content);
            folder.Refusal(_ => CausalLm.Load(shards, CPU).Dispose()).ShouldContain(named);
        }
        ShouldSay("""{ "weight_map": null }""", "weight_map");
        ShouldSay("""{ "weight_map": [] }""", "weight_map");
        ShouldSay("[1]", "must be a JSON object");
        ShouldSay(index.Replace("\"model-00001-of", "null, \"x\": \"model-00001-of", StringComparison.Ordinal), "its shard is null");
        var named = index.IndexOf($"\"{Norm}\"", StringComparison.Ordinal);
        var end = index.IndexOf('\n', named);
        var comma = index[..named].LastIndexOf(',');
        ShouldSay(index[end - 1] == ',' ? index.Remove(named, end - named) : index.Remove(comma, end - comma), "is in the file, but");
        File.WriteAllText(Path.Combine(shards, Index), index);
        File.Copy(folder.At(Weights), Path.Combine(shards, Weights));
        folder.Refusal(_ => CausalLm.Load(shards, CPU).Dispose()).ShouldContain("remove the one or the other");
    }

    /// <summary>The Hugging Face cache keeps a model as links to its blobs, whose names say nothing.</summary>
    [Fact]
    public void Check_SnapshotOfTheHubCache_IsReadByTheFilesThatItsLinksLeadTo()
    {
        using var folder = new StrangersFolder();
        Directory.Delete(folder.At(StrangersFolder.Adapter), recursive: true);
        var blobs = Directory.CreateDirectory(folder.At("models--org--name/blobs")).FullName;
        var links = Directory.CreateDirectory(folder.At("models--org--name/snapshots/rev")).FullName;
        foreach (var (index, file) in Directory.GetFiles(folder.Root).Index())
        {
            File.Copy(file, Path.Combine(blobs, $"{index:x40}"));
            File.CreateSymbolicLink(Path.Combine(links, Path.GetFileName(file)), $"../../blobs/{index:x40}");
        }
        var (real, linked) = (ModelFolder.Check(folder.Root), ModelFolder.Check(links));
        linked.Bytes.ShouldBe(real.Bytes);
        linked.Files.ShouldBe(real.Files);
        CausalLm.Load(links, CPU).Dispose();
    }

    [Fact]
    public void Load_TiedButAnotherHead_IsRefused()
    {
        using var folder = new StrangersFolder(tied: true);
        folder.WithTensors(Weights, tensors => tensors[Head] = tensors[Embedding].clone());
        CausalLm.Load(folder.Root, CPU).Dispose(); // stored a second time
        folder.WithTensors(Weights, tensors => tensors[Head] = tensors[Embedding].to(ScalarType.Float64));
        CausalLm.Load(folder.Root, CPU).Dispose();
        folder.WithTensors(Weights, tensors => tensors[Head] = tensors[Embedding] + 1e-3);
        folder.Refusal().ShouldContain("tie_word_embeddings");
        Should.Throw<BadInputException>(() => ModelFolder.Check(folder.Root)).Message.ShouldContain(Head);
        folder.With("config.json", ("tie_word_embeddings", "false"));
        CausalLm.Load(folder.Root, CPU).Dispose();
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Load_WeightThatIsNotFinite_NamesTheTensor(float value)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64 })
        {
            using var folder = new StrangersFolder();
            const string Up = "model.layers.0.mlp.up_proj.weight";
            folder.WithTensors(Weights, tensors =>
            {
                tensors[Up][3, 5] = tensor(value);
                tensors[Up] = tensors[Up].to(type);
            });
            folder.Refusal().ShouldContain(Up);
            Directory.Delete(folder.At(StrangersFolder.Adapter), recursive: true);
            folder.Refusal(root => ModelFolder.Check(root)).ShouldContain(Up);
        }
    }

    /// <summary>Small numbers, the largest ones and −0 are finite, wherever they stand.</summary>
    [Fact]
    public void FindNotFinite_ExtremeNumbers_AreFinite()
    {
        using var scope = NewDisposeScope();
        var path = Path.GetTempFileName();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64 })
        {
            var largest = type == ScalarType.Float16 ? 65504.0 : 3e38;
            var numbers = cat([zeros(37), tensor(new[] { -0f, 1e-40f, 1, -1 })]).to(ScalarType.Float64);
            numbers[1] = tensor(largest);
            numbers[40] = tensor(-largest);
            SafetensorsWriter.Write(path, [("a", numbers.to(type)), ("b", zeros(0).to(type))]);
            using (var reader = new SafetensorsReader(path)) reader.FindNotFinite().ShouldBeNull(type.ToString());
            foreach (var at in new[] { 0, 15, 31, 32, 40 })
            {
                var broken = numbers.clone();
                broken[at] = tensor(double.NaN);
                SafetensorsWriter.Write(path, [("a", numbers.to(type)), ("c", broken.to(type))]);
                using var reader = new SafetensorsReader(path);
                reader.FindNotFinite().ShouldBe("c", $"{type} {at}");
            }
        }
        File.Delete(path);
    }

    [Fact]
    public void Load_VectorIn8Bits_IsRefused()
    {
        using var folder = new StrangersFolder();
        folder.WithTensors(Weights, tensors =>
        {
            tensors[Norm] = zeros(16, dtype: ScalarType.Byte);
            tensors[Norm + "_scale_inv"] = ones(1);
        });
        InFloat8(folder);
        folder.Refusal().ShouldContain($"'{Norm}' is a vector in 8 bits");
    }

    [Fact]
    public void Load_Matrix8BitsWithoutBlockSize_IsRefused()
    {
        using var folder = new StrangersFolder();
        const string Name = "model.layers.0.mlp.up_proj.weight";
        folder.WithTensors(Weights, tensors =>
        {
            tensors[Name] = zeros(24, 16, dtype: ScalarType.Byte);
            tensors[Name + "_scale_inv"] = ones(1, 1);
        });
        InFloat8(folder);
        folder.Refusal().ShouldContain("weight_block_size");
        folder.With("config.json", ("quantization_config", """{ "quant_method": "fp8", "weight_block_size": [128, 128] }"""));
        CausalLm.Load(folder.Root, CPU).Dispose();
    }

    [Theory]
    [InlineData(2147483647)]
    [InlineData(-1)]
    [InlineData(1 << 22)]
    public void Load_TokenIdBeyondAnyVocabulary_IsRefused(int id)
    {
        using var folder = new StrangersFolder();
        folder.With("tokenizer.json", ("added_tokens", $$"""[{ "id": {{id}}, "content": "<x>", "special": true }]"""));
        folder.Refusal(root => TokenizerLoader.Load(root)).ShouldContain($"{id}");
        using var other = new StrangersFolder();
        other.With("tokenizer_config.json", ("added_tokens_decoder", $$"""{ "{{id}}": { "content": "<x>", "special": true } }"""));
        other.Refusal(root => TokenizerLoader.Load(root)).ShouldContain($"{id}");
        using var third = new StrangersFolder();
        third.With("tokenizer.json", ("model", $$"""{ "type": "BPE", "vocab": { "a": {{id}} }, "merges": [] }"""));
        third.Refusal(root => TokenizerLoader.Load(root)).ShouldContain($"{id}");
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a*)*b")]
    public void Encode_PatternThatBacktracks_IsRefusedWithItsFile(string pattern)
    {
        using var folder = new StrangersFolder();
        folder.With("tokenizer.json",
            ("pre_tokenizer", $$"""{ "type": "Split", "pattern": { "Regex": "{{pattern}}" }, "behavior": "Isolated", "invert": false }"""),
            ("normalizer", "null"));
        var tokenizer = TokenizerLoader.Load(folder.Root);
        folder.Refusal(_ => tokenizer.Encode(new string('a', 60) + "c")).ShouldContain("tokenizer.json");
    }

    [Theory]
    [InlineData("[", 20_000)]
    [InlineData("(", 20_000)]
    [InlineData("[[", 100)]
    [InlineData("(?:a*", 90)]
    public void Load_PatternThatNests_IsRefused(string part, int times)
    {
        using var folder = new StrangersFolder();
        var pattern = new StringBuilder().Insert(0, part, times);
        folder.With("tokenizer.json",
            ("pre_tokenizer", $$"""{ "type": "Split", "pattern": { "Regex": "{{pattern}}" }, "behavior": "Isolated", "invert": false }"""));
        folder.Refusal(root => TokenizerLoader.Load(root)).ShouldContain("tokenizer.json");
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void Load_TextThatIsNoUtf8OrHalfACharacter_IsRefused(string file)
    {
        using var folder = new StrangersFolder();
        void Use(string root)
        {
            CausalLm.Load(root, CPU).Dispose();
            _ = new ChatTemplates((HuggingFaceTokenizer)TokenizerLoader.Load(root));
        }
        var content = File.ReadAllBytes(folder.At(file));
        var inText = Array.LastIndexOf(content, (byte)'"') - 1;
        File.WriteAllBytes(folder.At(file), [.. content[..inText], 0xE8, .. content[(inText + 1)..]]);
        folder.Refusal(Use).ShouldContain(file);
        File.WriteAllBytes(folder.At(file), content);
        var field = file switch { "config.json" => "model_type", "tokenizer.json" => "version", _ => "chat_template" };
        folder.With(file, (field, null));
        var text = File.ReadAllText(folder.At(file));
        File.WriteAllText(folder.At(file), $"{{\"{field}\":\"a\\ud800\",{text[1..]}");
        if (field == "version") Use(folder.Root); // nobody reads it
        else folder.Refusal(Use).ShouldContain(file);
    }

    /// <summary>What a loader did not foresee names the file all the same; the machine's errors stay what they are.</summary>
    [Fact]
    public void Guard_AnyError_BecomesOneLineOfTheFile()
    {
        foreach (var error in new Exception[] { new ArgumentOutOfRangeException("a\nb"), new InvalidCastException(),
            new OverflowException(), new KeyNotFoundException() })
        {
            var message = Should.Throw<BadInputException>(() => ModelFile.Guard<int>("some/file.json", () => throw error)).Message;
            message.ShouldStartWith("some/file.json: cannot be read: ");
            message.ShouldContain(error.GetType().Name);
            message.ShouldNotContain('\n');
        }
        Should.Throw<IOException>(() => ModelFile.Guard<int>("f", () => throw new IOException()));
        Should.Throw<OperationCanceledException>(() => ModelFile.Guard<int>("f", () => throw new OperationCanceledException()));
    }

    // The writer has no name for 8-bit floats: put it into the header.
    private static void InFloat8(StrangersFolder folder)
    {
        var file = File.ReadAllBytes(folder.At(Weights));
        var length = (int)BitConverter.ToInt64(file);
        var header = Encoding.UTF8.GetString(file, 8, length).TrimEnd().Replace("\"U8\"", "\"F8_E4M3\"", StringComparison.Ordinal);
        File.WriteAllBytes(folder.At(Weights),
            [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. file[(8 + length)..]]);
    }

    private static Action<string> Load(string file) => root =>
    {
        if (file.StartsWith("tokenizer", StringComparison.Ordinal)) TokenizerLoader.Load(root);
        else if (file.StartsWith(StrangersFolder.Adapter, StringComparison.Ordinal))
        {
            using var model = TestModels.Create(ModelConfig.Load(root));
            LoraAdapter.Load(model, Path.Combine(root, StrangersFolder.Adapter));
        }
        else
        {
            CausalLm.Load(root, CPU).Dispose();
        }
    };
}
