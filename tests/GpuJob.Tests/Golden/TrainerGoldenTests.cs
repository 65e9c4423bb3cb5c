using System.IO.Compression;
using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Golden;

/// <summary>
/// What a trainer of an earlier version left in storage is gone on with: checkpoints with their optimizers, saved progress, rollouts,
/// gradients.
/// </summary>
public sealed class TrainerGoldenTests : IDisposable
{
    private const string Variable = "R1_WRITE_GOLDEN";

    private static readonly PretrainStage Pretraining = JobRunner.Pretraining with
    {
        Steps = 30, SaveEvery = 12, BatchSize = 8,
            Model = new() { HiddenSize = 16, Layers = 1, Heads = 2, KvHeads = 1, IntermediateSize = 24 },
    };

    private static readonly RlStage Rl = JobRunner.Rl with { UpdateShards = 2, Loss = new() { KlWeight = 0.01 } };

    private static readonly RlStage Adapted = JobRunner.Rl with
    {
        Optimizer = new() { LearningRate = 1e-2, Precision = TrainingPrecision.Bfloat16, Lora = new LoraRecipe { Rank = 2, Alpha = 4 } },
    };

    private readonly JobRunner jobs = new();

    /// <summary>Versions whose state is kept.</summary>
    public static TheoryData<string> Versions =>
        [.. Directory.GetFiles(Folder, "v*.jsonl.gz").Select(file => Path.GetFileName(file).Split('.')[0])];

    private static string Folder => Repository.PathOf("tests", "GpuJob.Tests", "Golden");

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Write_StateOfThisVersion()
    {
        var version = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipUnless(version is { Length: > 0 }, $"{Variable} names no version to be, as in v3: its state is kept for those to come.");
        await PretrainAsync("base/", "whole");
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAsync<PreemptedException>(() =>
            PretrainAsync("half/", "half", step => { if (step == 20) stop.Cancel(); }, stop.Token));
        var rollout = await jobs.RolloutAsync("base/", stage: Rl);
        foreach (var shard in new[] { 0, 1 })
            await jobs.GradientAsync("base/", [rollout.Outputs["tokens"]], Rl, 0, shard, [], reference: "base/");
        await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: Rl, reference: "base/");
        await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "adapted/1/", stage: Adapted);

        File.Exists(FileOf(version)).ShouldBeFalse("a version's state is written once");
        await using var writer = new StreamWriter(new GZipStream(File.Create(FileOf(version)), CompressionLevel.SmallestSize)) {
            NewLine = "\n" };
        await foreach (var blob in jobs.Blobs.ListAsync(""))
            await writer.WriteLineAsync(
                JsonSerializer.Serialize(new Kept(blob.Path, (await jobs.Blobs.TryReadAsync(blob.Path))!.ToArray())));
    }

    /// <summary>A version that is raised before its state was written leaves nothing to go on with.</summary>
    [Fact]
    public void State_OfTodaysArithmetic_IsKept() =>
        File.Exists(FileOf($"v{TrainerNumerics.Version}")).ShouldBeTrue($"write it by {Variable}");

    [Theory, MemberData(nameof(Versions))]
    public async Task Pretrain_PreemptedUnderAnEarlierVersion_GoesOnWhereItWas(string version)
    {
        await RestoreAsync(version);
        var steps = new List<int>();

        var outcome = await PretrainAsync("half/", "half", steps.Add);

        steps.ShouldBe([30], "it goes on after the twentieth step, and tells of every tenth");
        double.IsFinite(outcome.Metrics[MetricNames.Loss]).ShouldBeTrue();
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Update_FromAnEarlierVersionsCheckpointsRolloutsAndGradients_GoesOn(string version)
    {
        await RestoreAsync(version);
        var tokens = (await jobs.Blobs.ListAsync("rollouts/").ToListAsync())
            .Single(blob => blob.Path.EndsWith(".safetensors", StringComparison.Ordinal)).Path;
        var gradients = (await jobs.Blobs.ListAsync("gradients/").ToListAsync()).Select(blob => blob.Path).ToList();
        gradients.Count.ShouldBe(2);

        var gradient = await jobs.GradientAsync("base/", [tokens], Rl, 1, 0, gradients, reference: "base/");
        var again = await jobs.UpdateAsync("base/", [tokens], "again/", stage: Rl, reference: "base/");
        var rollout = await jobs.RolloutAsync("rl/1/", iteration: 1, stage: Rl);
        var next = await jobs.UpdateAsync("rl/1/", [rollout.Outputs["tokens"]], "rl/2/", iteration: 1, stage: Rl, reference: "base/");

        foreach (var outcome in new[] { gradient, again, next }) outcome.Metrics.Values.ShouldAllBe(value => double.IsFinite(value));
        (await jobs.WeightsAsync("rl/2/")).ShouldNotBe(await jobs.WeightsAsync("rl/1/"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Update_OfAnEarlierVersionsAdapter_TrainsItAlone(string version)
    {
        await RestoreAsync(version);

        var rollout = await jobs.RolloutAsync("adapted/1/", iteration: 1, stage: Adapted);
        var next = await jobs.UpdateAsync("adapted/1/", [rollout.Outputs["tokens"]], "adapted/2/", iteration: 1, stage: Adapted);

        next.Metrics.Values.ShouldAllBe(value => double.IsFinite(value));
        var (before, after) = (await ManifestAsync("adapted/1/"), await ManifestAsync("adapted/2/"));
        after.Files.Keys.ShouldBe(before.Files.Keys, ignoreOrder: true);
        after.Files["adapter_model.safetensors"].Sha256.ShouldNotBe(before.Files["adapter_model.safetensors"].Sha256);
        // Version 1 has the frozen weights beside the adapter; later ones name the checkpoint that holds them.
        after.Base.ShouldBe(before.Base);
        if (before.Base is null) after.Files["model.safetensors"].Sha256.ShouldBe(before.Files["model.safetensors"].Sha256);
    }

    private Task<CheckpointManifest> ManifestAsync(string checkpoint) =>
        jobs.Blobs.ReadJsonAsync<CheckpointManifest>(checkpoint + "manifest.json");

    private Task<JobOutcome> PretrainAsync(string checkpoint, string id, Action<int>? onStep = null,
        CancellationToken preemption = default) => jobs.RunAsync(
        models => new PretrainHandler(models),
        new PretrainJob { Seed = 3, Stage = "base", Settings = Pretraining,
            Tasks = new Dictionary<string, TaskRecipe> { [Pretraining.Task!] = JobRunner.Task }, Checkpoint = checkpoint },
        preemption, id, onStep);

    private async Task RestoreAsync(string version)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(FileOf(version)), CompressionMode.Decompress));
        while (await reader.ReadLineAsync() is { } line)
        {
            var blob = JsonSerializer.Deserialize<Kept>(line)!;
            await jobs.Blobs.WriteAsync(blob.Path, new BinaryData(blob.Content));
        }
    }

    private static string FileOf(string version) => Path.Combine(Folder, $"{version}.jsonl.gz");

    private sealed record Kept(string Path, byte[] Content);
}
