using R1Cloud.Testing;
using System.Text.Json;
using R1Cloud.GpuJob.Commands;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Tests.Strangers;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared.Jobs;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Tests;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Commands;

/// <summary>The commands about models, through the command line.</summary>
public sealed class ModelCommandsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;
    private readonly StringWriter output = new(), error = new();

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        output.Dispose();
        error.Dispose();
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("deepseek_v3")]
    public async Task Generate_IdsGreedy_ContinuesAsTheOracle(string name)
    {
        var cases = Oracles.Json($"models/{name}/golden.json").GetProperty("greedy").EnumerateArray().ToArray();
        var ids = Write("ids.jsonl", string.Join('\n', cases.Select(item => item.GetProperty("prompt").GetRawText())));
        (await Run("generate", "--model", Oracles.Model(name), "--ids", ids, "--greedy", "--max-tokens", "40", "--json"))
            .ShouldBe(ExitCodes.Done);
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        lines.Length.ShouldBe(cases.Length);
        foreach (var (line, oracle) in lines.Zip(cases))
        {
            line.GetProperty("ids").Ints().ShouldBe(oracle.GetProperty("greedy").Ints());
            line.GetProperty("policyLogProbs").GetArrayLength().ShouldBe(40);
            line.GetProperty("finish").GetString().ShouldBe("length");
        }
    }

    [Fact]
    public async Task Logits_Ids_WritesTheOracles()
    {
        var sequences = Oracles.Json("models/llama3_rope/golden.json").GetProperty("sequences").EnumerateArray().Take(3).ToArray();
        var (ids, file) =
            (Write("ids.jsonl", string.Join('\n', sequences.Select(item => item.GetRawText()))), Path.Combine(folder, "out.safetensors"));
        (await Run("logits", "--model", Oracles.Model("llama3_rope"), "--input", ids, "--output", file)).ShouldBe(ExitCodes.Done);
        using var scope = NewDisposeScope();
        using var written = new SafetensorsReader(file);
        using var golden = new SafetensorsReader(Path.Combine(Oracles.Model("llama3_rope"), "golden.safetensors"));
        written.Tensors.Count.ShouldBe(3);
        for (var i = 0; i < 3; i++)
        {
            written.Tensors[$"logits.{i}"].Shape.ShouldBe([sequences[i].GetArrayLength(), 320]);
            (written.Read($"logits.{i}") - golden.Read($"logits.{i}")).abs().max().item<float>().ShouldBeLessThan(1e-4f);
        }
    }

    /// <summary>As files come: with a byte order mark, line ends of Windows, empty lines.</summary>
    // Ids of no token are left out where tokens are drawn, not where the model is asked what it says.
    [Fact]
    public async Task Logits_RowsWithoutAToken_AreWhatTheModelSays()
    {
        using var model = new StrangersFolder(rows: 320);
        var (ids, file) = (Write("ids.jsonl", "[5,6,7]"), Path.Combine(folder, "out.safetensors"));
        (await Run("logits", "--model", model.Root, "--input", ids, "--output", file)).ShouldBe(ExitCodes.Done);
        using var scope = NewDisposeScope();
        using var written = new SafetensorsReader(file);
        using var whole = CausalLm.Load(model.Root, CPU);
        using var _ = no_grad();
        var logits = written.Read("logits.0");
        logits.shape.ShouldBe([3, 320]);
        logits.isfinite().all().item<bool>().ShouldBeTrue();
        (logits - whole.forward(tensor(new long[] { 5, 6, 7 }, [1, 3])).squeeze(0)).abs().max().item<float>().ShouldBe(0);
    }

    [Theory]
    [InlineData("-")]
    [InlineData("file")]
    public async Task Logits_MarkAndEmptyLines_AreNoRows(string source)
    {
        const string Content = "\uFEFF[7]\r\n\r\n[1,2]\n \n";
        var file = Path.Combine(folder, "out.safetensors");
        var input = source == "-" ? source : Write("ids.jsonl", Content);
        (await TrainerCommandLine.RunAsync(["logits", "--model", Oracles.Model("llama"), "--input", input, "--output", file],
            new CommandStreams(new StringReader(Content), output, error))).ShouldBe(ExitCodes.Done, error.ToString());
        using var written = new SafetensorsReader(file);
        written.Tensors.ToDictionary(item => item.Key, item => item.Value.Shape[0])
            .ShouldBe(new Dictionary<string, long> { ["logits.0"] = 1, ["logits.1"] = 2 });
    }

    [Fact]
    public async Task Inspect_Folder_TellsParametersAndMemory()
    {
        (await Run("inspect", Oracles.Model("deepseek_v3"), "--rows", "2", "--length", "100", "--json")).ShouldBe(ExitCodes.Done);
        var report = JsonSerializer.Deserialize<JsonElement>(output.ToString());
        using var model = CausalLm.Load(Oracles.Model("deepseek_v3"), CPU);
        var parameters = model.Parameters.Sum(item => item.parameter.numel());
        report.GetProperty("parameters").GetInt64().ShouldBe(parameters);
        report.GetProperty("activeParameters").GetInt64().ShouldBeLessThan(parameters);
        // 3 layers keep a latent of 16 and a rotated key of 8 a token.
        report.GetProperty("generateBytesFloat32").GetInt64().ShouldBe(4 * (parameters + (200 * 3 * 24)));
        report.GetProperty("trainBytes").GetInt64().ShouldBeGreaterThan(18 * parameters);
    }

    [Fact]
    public async Task Export_AdapterInShards_LoadsWithTheMergedLogits()
    {
        var target = Path.Combine(folder, "merged");
        (await Run("export", "--model", Oracles.Model("qwen3"), "--adapter", Oracles.Model("qwen3_lora_adapter"), "--as", "float32",
            "--shard-gb", "0.0002", "--output", target)).ShouldBe(ExitCodes.Done);
        Directory.GetFiles(target, "model-*-of-*.safetensors").Length.ShouldBeGreaterThan(1);
        File.Exists(Path.Combine(target, "generation_config.json")).ShouldBeTrue();
        var config = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(target, "config.json")));
        config.GetProperty("max_window_layers").GetInt32().ShouldBe(28); // kept though it is not read

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLm.Load(target, CPU);
        using var golden = new SafetensorsReader(Path.Combine(Oracles.Model("qwen3_lora_adapter"), "golden.safetensors"));
        var ids = Oracles.Json("models/qwen3_lora_adapter/golden.json").GetProperty("sequences")[2].Ints();
        (model.forward(tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length])).squeeze(0) - golden.Read("logits.2")).abs().max()
            .item<float>().ShouldBeLessThan(1e-4f);
    }

    [Fact]
    public async Task Export_Bfloat16_HalvesTheWeightsAndKeepsTheCorrections()
    {
        var target = Path.Combine(folder, "half");
        (await Run("export", "--model", Oracles.Model("deepseek_v3"), "--output", target)).ShouldBe(ExitCodes.Done);
        using var written = SafetensorsModel.Open(target);
        written.Find("lm_head.weight")!.Type.ShouldBe(ScalarType.BFloat16);
        written.Find("model.layers.1.mlp.gate.e_score_correction_bias")!.Type.ShouldBe(ScalarType.Float32);
        File.ReadAllText(Path.Combine(target, "config.json")).ShouldContain("\"torch_dtype\": \"bfloat16\"");
    }

    [Fact]
    public async Task Generate_Prompt_StreamsTheTextThatJsonReports()
    {
        var tokenizer = new SymbolTokenizer("0123456789+=;");
        using (var model = TestModels.Create(TestModels.Config(vocabulary: tokenizer.VocabularySize) with { InitializerRange = 0.25 }))
            model.Save(folder);
        tokenizer.Save(folder);
        string[] arguments = ["generate", "--model", folder, "--prompt", "1+2=", "--max-tokens", "12", "--seed", "5"];
        (await Run(arguments)).ShouldBe(ExitCodes.Done);
        var streamed = output.ToString();
        output.GetStringBuilder().Clear();
        (await Run([.. arguments, "--json"])).ShouldBe(ExitCodes.Done);
        var line = JsonSerializer.Deserialize<JsonElement>(output.ToString());
        (line.GetProperty("text").GetString() + "\n").ShouldBe(streamed);

        var stop = streamed.First(char.IsAsciiDigit).ToString();
        output.GetStringBuilder().Clear();
        (await Run([.. arguments, "--stop", stop])).ShouldBe(ExitCodes.Done);
        output.ToString().TrimEnd('\n').ShouldBe(streamed[..(streamed.IndexOf(stop, StringComparison.Ordinal) + 1)]);
    }

    [Fact]
    public async Task Chat_TwoTurns_EachSeesTheConversationSoFar()
    {
        using var tokenizer = new TokenizerFolder();
        tokenizer.With("tokenizer_config.json",
            """{"eos_token":"<|end|>","chat_template":"{% for m in messages %}<|user|>{{ m.role }}:{{ m.content }}{% endfor %}{% if add_generation_prompt %}<|begin|>{% endif %}"}""");
        tokenizer.Load();
        using (var model = TestModels.Create(TestModels.Config(vocabulary: 1003, positions: 512))) model.Save(tokenizer.Path);
        (await TrainerCommandLine.RunAsync(["chat", "--model", tokenizer.Path, "--greedy", "--max-tokens", "4"],
            new CommandStreams(new StringReader("hello\nagain\n\nnever"), output, error))).ShouldBe(ExitCodes.Done);
        error.ToString().ShouldBe("> > > ");
        var chat = output.ToString();
        output.GetStringBuilder().Clear();
        (await Run("generate", "--model", tokenizer.Path, "--greedy", "--max-tokens", "4", "--prompt", "<|user|>user:hello<|begin|>"))
            .ShouldBe(ExitCodes.Done);
        chat.ShouldStartWith(output.ToString());
    }

    [Theory]
    [InlineData("there is no folder", "generate", "--model", "/nowhere", "--prompt", "x")]
    [InlineData("--prompt and --ids", "generate", "--model", "{model}")]
    [InlineData("line 2", "logits", "--model", "{model}", "--input", "{bad}", "--output", "x")]
    [InlineData("float8", "export", "--model", "{model}", "--output", "x", "--as", "float8")]
    [InlineData("config.json", "inspect", "/nowhere")]
    [InlineData("topP", "generate", "--model", "{model}", "--ids", "{good}", "--top-p", "2")]
    public async Task Run_BadInput_NamesIt(string named, params string[] arguments)
    {
        var (bad, good) = (Write("bad.jsonl", "[1,2]\n[1,\n"), Write("good.jsonl", "[1,2]"));
        (await Run([
            .. arguments.Select(argument =>
                argument.Replace("{model}", Oracles.Model("llama"), StringComparison.Ordinal)
                .Replace("{bad}", bad, StringComparison.Ordinal).Replace("{good}", good, StringComparison.Ordinal))]))
            .ShouldBe(ExitCodes.BadInput);
        error.ToString().ShouldContain(named);
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    private Task<int> Run(params string[] arguments) =>
        TrainerCommandLine.RunAsync(arguments, new CommandStreams(TextReader.Null, output, error));
}
