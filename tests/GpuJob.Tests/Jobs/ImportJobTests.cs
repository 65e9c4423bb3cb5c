using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Importing;
using R1Cloud.GpuJob.Jobs.SupervisedTuning;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers.Tests;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Jobs;

public sealed class ImportJobTests : IDisposable
{
    private const string Template = "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}=";

    private readonly JobRunner jobs = new();
    private readonly TokenizerFolder folder = new();

    /// <summary>A small Qwen2 with a byte-level tokenizer, as it might be published.</summary>
    public ImportJobTests()
    {
        folder.With("tokenizer_config.json", $$"""{ "eos_token": "<|end|>", "chat_template": "{{Template}}" }""")
            .With("generation_config.json", """{ "eos_token_id": 1000, "top_p": 0.8 }""").Load();
        WriteModel();
    }

    public void Dispose()
    {
        jobs.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Import_Folder_BecomesACheckpointOfTheSameFiles()
    {
        File.WriteAllText(Path.Combine(folder.Path, "pytorch_model.bin"), "old weights");
        var outcome = await ImportAsync();

        outcome.Outputs["checkpoint"].ShouldBe("base/");
        outcome.Metrics[MetricNames.Parameters].ShouldBe(ModelConfig.Load(folder.Path).ParameterCount());
        var manifest = await jobs.Blobs.ReadJsonAsync<CheckpointManifest>("base/manifest.json");
        manifest.Files.Keys.ShouldBe(
            ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
        foreach (var (name, file) in manifest.Files)
            (await jobs.Blobs.TryReadAsync(file.Path))!.ToArray().ShouldBe(File.ReadAllBytes(Path.Combine(folder.Path, name)), name);
        outcome.Metrics[MetricNames.Bytes].ShouldBe(manifest.Files.Values.Sum(file => file.Length));
    }

    [Fact]
    public async Task Import_Shards_AreKept()
    {
        var shards = Path.Combine(folder.Path, "shards");
        using (var model = CausalLm.Load(folder.Path, CPU))
            ModelExport.Write(model, shards, ScalarType.BFloat16, folder.Path, shardBytes: 40_000);
        await ImportAsync(shards);
        var files = (await jobs.Blobs.ReadJsonAsync<CheckpointManifest>("base/manifest.json")).Files.Keys;
        files.ShouldContain("model.safetensors.index.json");
        files.Count(name => name.Contains("-of-", StringComparison.Ordinal)).ShouldBeGreaterThan(1);
        files.ShouldNotContain("model.safetensors");
    }

    [Fact]
    public async Task Import_RewardModel_IsRefused()
    {
        File.WriteAllText(Path.Combine(folder.Path, RewardModelInfo.FileName), "{}");
        (await FailAsync()).ShouldContain("it is a reward model");
    }

    [Fact]
    public async Task Import_FromStorage_IsTheSameAsFromDisk()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "additional_chat_templates"));
        File.WriteAllText(Path.Combine(folder.Path, "additional_chat_templates", "tool_use.jinja"), Template);
        await ImportAsync();
        (await jobs.Blobs.ReadJsonAsync<CheckpointManifest>("base/manifest.json"))
            .Files.Keys.ShouldContain("additional_chat_templates/tool_use.jinja");
        foreach (var file in Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories))
            await jobs.Blobs.UploadAsync($"models/tiny/{Path.GetRelativePath(folder.Path, file)}", file);
        await jobs.Blobs.WriteAsync("models/tiny/original/params.json", new BinaryData("{}"));
        await ImportAsync("blob:models/tiny", to: "stored/");
        (await jobs.HashAsync("stored/")).ShouldBe(await jobs.HashAsync("base/"));
    }

    [Fact]
    public async Task Import_ThenTraining_TheTokenizerTemplateAndGenerationSettingsTravelAlong()
    {
        await ImportAsync();
        var row = new CompletionRow { Prompt = "1+1", Completion = "<think>two</think><answer>2</answer>", Answer = "2",
            Verdicts = new Dictionary<string, double>() };
        await jobs.Blobs.WriteAsync("rows.jsonl", CompletionRow.ToJsonLines([row, row with { Prompt = "2+2", Completion = "four" }]));
        var outcome = await jobs.RunAsync(models => new SftHandler(models), new SftJob
        {
            Seed = 3, Stage = "dev1", From = "base/", Data = new Dictionary<string, IReadOnlyList<string>> { ["cold"] = ["rows.jsonl"] },
                Checkpoints = "sft/",
            Settings = new() { Data = ["cold"], Epochs = 20, BatchSize = 2, Prompt = new() { Template = "chat" },
                Optimizer = new() { LearningRate = 1e-2 } },
        });
        outcome.Metrics[MetricNames.Loss].ShouldBeLessThan(1.5, "a fresh model's is ln 1024 = 6.9");

        var (before, after) = (await FilesAsync("base/"), await FilesAsync("sft/step-000020/"));
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json", "generation_config.json" })
            after[name].Sha256.ShouldBe(before[name].Sha256, name);
        after["model.safetensors"].Sha256.ShouldNotBe(before["model.safetensors"].Sha256);

        // And it is a policy and a thing to measure like any other.
        var rl = JobRunner.Rl with { Prompt = new() { Template = "chat" }, Sampling = new() { MaxNewTokens = 12 } };
        var rollout = await jobs.RolloutAsync("sft/step-000020/", stage: rl);
        await jobs.UpdateAsync("sft/step-000020/", [rollout.Outputs["tokens"]], "rl/", stage: rl);
        (await FilesAsync("rl/"))["tokenizer_config.json"].Sha256.ShouldBe(before["tokenizer_config.json"].Sha256);
    }

    [Theory]
    [InlineData("model_type", "mamba", "model_type 'mamba' is not supported")]
    [InlineData("num_hidden_layers", 3, "'model.layers.2.input_layernorm.weight' is missing")]
    [InlineData("num_hidden_layers", 1, "'model.layers.1.input_layernorm.weight' is unknown")]
    [InlineData("intermediate_size", 64, "has shape [48, 32], [64, 32] is needed")]
    [InlineData("vocab_size", 1000, "has shape [1024, 32], [1000, 32] is needed")]
    public async Task Import_ConfigThatDoesNotFit_NamesWhatDoesNot(string field, object value, string expected)
    {
        var file = Path.Combine(folder.Path, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(file))!;
        config[field] = JsonValue.Create(value);
        File.WriteAllText(file, config.ToJsonString());
        (await FailAsync()).ShouldContain(expected);
    }

    [Fact]
    public async Task Import_BrokenFolder_NamesWhatIsWrong()
    {
        (await FailAsync("/nowhere/tiny")).ShouldContain("there is no folder '/nowhere/tiny' on this worker");
        (await FailAsync("blob:models/none")).ShouldContain("there are no blobs under 'models/none/'");
        WriteModel(vocabulary: 512);
        (await FailAsync()).ShouldContain("the tokenizer has 1003 ids, the model takes 512");
        WriteModel();
        File.Delete(Path.Combine(folder.Path, "generation_config.json"));
        folder.With("tokenizer_config.json", "{}");
        (await FailAsync()).ShouldContain("no token ends a completion");
        File.Delete(Path.Combine(folder.Path, "tokenizer.json"));
        (await FailAsync()).ShouldContain("there is no tokenizer.json");
        File.WriteAllBytes(Path.Combine(folder.Path, "model.safetensors"), new byte[100]);
        (await FailAsync()).ShouldContain("does not fit a file of 100 bytes");
        (await jobs.Blobs.ExistsAsync("base/manifest.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task Import_Adapter_IsToldToMerge()
    {
        folder.With("adapter_config.json", "{}");
        (await FailAsync()).ShouldContain("gpujob export");
    }

    [Fact]
    public void Check_DeepSeekV3_FitsItsConfig()
    {
        // Experts, latents, and a layer behind the last that predicts further tokens, which is passed over.
        using var weights = SafetensorsModel.Open(Oracles.Model("deepseek_v3"));
        WeightLoading.Check(weights, ModelConfig.Load(Oracles.Model("deepseek_v3")));
    }

    private void WriteModel(int vocabulary = 1024)
    {
        using var model = TestModels.Create(TestModels.Config(vocabulary: vocabulary, bias: true, positions: 256));
        model.Save(folder.Path);
    }

    private async Task<IReadOnlyDictionary<string, CheckpointFile>> FilesAsync(string checkpoint) =>
        (await jobs.Blobs.ReadJsonAsync<CheckpointManifest>(checkpoint + "manifest.json")).Files;

    private async Task<string> FailAsync(string? path = null) =>
        (await Should.ThrowAsync<BadInputException>(() => ImportAsync(path))).Message;

    private Task<JobOutcome> ImportAsync(string? path = null, string to = "base/") => jobs.RunAsync(
        _ => new ImportHandler(),
            new ImportJob { Seed = 3, Stage = "base", Settings = new ImportStage { Path = path ?? folder.Path }, Checkpoint = to,
                Step = 1 });
}
