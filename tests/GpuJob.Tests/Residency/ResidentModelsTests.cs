using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Shared.Checkpoints;
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
        var anew = await jobs.RolloutAsync("rl/1/", iteration: 1);
        (await ContentAsync(reloaded.Outputs["tokens"]))
            .ShouldBe(await ContentAsync(anew.Outputs["tokens"]), "it generates the same as one that knows nothing else");
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

    /// <summary>base/ and rl/1/, which grew from it; the rollouts of the second.</summary>
    private async Task<IReadOnlyList<string>> TwoCheckpointsAsync()
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/");
        return [(await jobs.RolloutAsync("rl/1/", iteration: 1)).Outputs["tokens"]];
    }

    private async Task<byte[]> ContentAsync(string path) => (await jobs.Blobs.TryReadAsync(path))!.ToArray();
}
