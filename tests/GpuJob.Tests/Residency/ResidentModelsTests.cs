using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Residency;

public sealed class ResidentModelsTests : IDisposable
{
    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task PolicyAsync_AnotherCheckpointOfTheSameShape_TakesItsWeightsIntoTheModelThatIsThere()
    {
        await TwoCheckpointsAsync();
        jobs.Restart();
        var first = await jobs.AskAsync((models, context) => models.PolicyAsync("base/", context));
        var second = await jobs.AskAsync((models, context) => models.PolicyAsync("rl/1/", context));
        second.ShouldBeSameAs(first);
        second.Checkpoint.ShouldBe("rl/1/");
        var reloaded = await jobs.RolloutAsync("rl/1/", iteration: 1);

        jobs.Restart();
        var repeated = await jobs.RolloutAsync("rl/1/", iteration: 1);
        (await ContentAsync(reloaded.Outputs["tokens"]))
            .ShouldBe(await ContentAsync(repeated.Outputs["tokens"]), "it generates the same as one that knows nothing else");
    }

    [Fact]
    public async Task TrainableAsync_AfterAFailedAttempt_TrainsAsIfThereHadBeenNone()
    {
        var rollout = await TwoCheckpointsAsync();
        jobs.Restart();
        await jobs.UpdateAsync("rl/1/", rollout, "calm/", iteration: 1);

        jobs.Restart();
        var policy = await jobs.AskAsync((models, context) => models.PolicyAsync("rl/1/", context));
        policy.BeginChange();
        foreach (var (_, parameter) in policy.Model.Parameters) parameter.grad = ones_like(parameter, requires_grad: false); // what it left
        await jobs.UpdateAsync("rl/1/", rollout, "rough/", iteration: 1);
        (await jobs.HashAsync("rough/")).ShouldBe(await jobs.HashAsync("calm/"));
        (await jobs.AskAsync((models, context) => models.PolicyAsync("rough/", context))).ShouldBeSameAs(policy);
    }

    [Fact]
    public async Task PolicyAsync_AnotherTokenizer_IsReadAnew()
    {
        await TwoCheckpointsAsync();
        var manifest = await jobs.Blobs.ReadJsonAsync<CheckpointManifest>("rl/1/manifest.json");
        var folder = Directory.CreateTempSubdirectory("r1-tokenizer-").FullName;
        try
        {
            foreach (var (name, file) in manifest.Files)
                (await jobs.Blobs.TryDownloadAsync(file.Path, Path.Combine(folder, name))).ShouldBeTrue();
            File.AppendAllText(Path.Combine(folder, "tokenizer.json"), "\n");
            await new CheckpointStore(jobs.Blobs).WriteAsync("other/", "rl", 1, "1-a", null, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        jobs.Restart();
        var first = await jobs.AskAsync((models, context) => models.PolicyAsync("base/", context));
        (await jobs.AskAsync((models, context) => models.PolicyAsync("other/", context))).ShouldNotBeSameAs(first);
    }

    /// <summary>An adapter's base is stored once, and fetched once by whoever samples.</summary>
    [Fact]
    public async Task Adapter_IsStoredWithoutItsBaseAndReadWithIt()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { Optimizer = JobRunner.Rl.Optimizer with { Lora = new() { Rank = 4 } } };
        var policy = "base/";
        jobs.Blobs.Writes.Clear();
        for (var iteration = 0; iteration < 3; iteration++)
        {
            var tokens = (await jobs.RolloutAsync(policy, iteration, stage: stage)).Outputs["tokens"];
            await jobs.UpdateAsync(policy, [tokens], policy = $"rl/{iteration + 1}/", iteration, stage);
        }
        jobs.Blobs.Writes.Where(path => path.EndsWith("/model.safetensors", StringComparison.Ordinal)).ShouldBeEmpty();
        var resident = await ContentAsync((await jobs.RolloutAsync("rl/3/", iteration: 3, stage: stage)).Outputs["tokens"]);

        jobs.Restart();
        jobs.Blobs.Reads.Clear();
        await jobs.RolloutAsync("rl/2/", iteration: 2, stage: stage);
        (await ContentAsync((await jobs.RolloutAsync("rl/3/", iteration: 3, stage: stage)).Outputs["tokens"])).ShouldBe(resident);
        jobs.Blobs.Reads.Count(path => path.EndsWith("/model.safetensors", StringComparison.Ordinal)).ShouldBe(1);

        // A next stage's adapter is on top of the merged one, which no checkpoint has: it is stored whole.
        var merged = (await jobs.RolloutAsync("rl/3/", stage: stage)).Outputs["tokens"];
        await jobs.UpdateAsync("rl/3/", [merged], "next/1/", stage: stage);
        var manifest = await jobs.Blobs.ReadJsonAsync<CheckpointManifest>("next/1/manifest.json");
        manifest.Base.ShouldBeNull();
        manifest.Files.Keys.ShouldContain("model.safetensors");
    }

    /// <summary>The moments are twice the model: who samples, scores or refers leaves them where they are.</summary>
    [Fact]
    public async Task PolicyAndReferenceAsync_NewWorker_NeverAskForTheTrainingState()
    {
        var rollout = await TwoCheckpointsAsync();
        jobs.Restart();
        jobs.Blobs.Reads.Clear();
        await jobs.RolloutAsync("rl/1/", iteration: 1);
        await jobs.AskAsync((models, context) => models.ReferenceAsync("rl/1/", context, TrainingPrecision.Float32));
        jobs.Blobs.Reads.ShouldContain(path => path.EndsWith("/model.safetensors", StringComparison.Ordinal));
        jobs.Blobs.Reads.Where(IsState).ShouldBeEmpty();

        await jobs.UpdateAsync("rl/1/", rollout, "rl/2/", iteration: 1);
        jobs.Blobs.Reads.Count(IsState).ShouldBe(2, "who trains on asks for each of its files once");
        jobs.Blobs.Reads.Count(path => path.EndsWith("/model.safetensors", StringComparison.Ordinal)).ShouldBe(1);
    }

    private static bool IsState(string path) => Path.GetFileName(path) is CheckpointFiles.Optimizer or CheckpointFiles.TrainerState;

    // base/ and rl/1/, which grew from it; the rollouts of the second.
    private async Task<IReadOnlyList<string>> TwoCheckpointsAsync()
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/");
        return [(await jobs.RolloutAsync("rl/1/", iteration: 1)).Outputs["tokens"]];
    }

    private async Task<byte[]> ContentAsync(string path) => (await jobs.Blobs.TryReadAsync(path))!.ToArray();
}
