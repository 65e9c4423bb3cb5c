using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Chat;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>Model folders of strangers: what does not fit is named, in one line with the file, before anything is built.</summary>
public sealed class StrangersFilesTests
{
    private const string Weights = "model.safetensors";

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
        if (qwen) folder.With("config.json", ("model_type", "\"qwen2\""), ("architectures", null), ("mlp_bias", null));
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

    // What the file leaves open would be another model than the weights': one query group a head, no biases.
    [Fact]
    public void Load_WeightsOfAFieldThatTheConfigLacks_AreNamed()
    {
        using var folder = new StrangersFolder();
        folder.With("config.json", ("num_key_value_heads", null));
        folder.Refusal().ShouldContain("self_attn.k_proj.weight");
        Should.Throw<BadInputException>(() => ModelFolder.Check(folder.Root)).Message.ShouldContain("self_attn.k_proj.weight");
        using var other = new StrangersFolder();
        const string Bias = "model.layers.0.self_attn.q_proj.bias";
        other.WithTensors(Weights, tensors => tensors[Bias] = zeros(16));
        other.Refusal().ShouldContain(Bias);
        Should.Throw<BadInputException>(() => ModelFolder.Check(other.Root)).Message.ShouldContain(Bias);
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
