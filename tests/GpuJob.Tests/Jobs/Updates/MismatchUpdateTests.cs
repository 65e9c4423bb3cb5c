using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Jobs.Updates;

/// <summary>Updates from rollouts of a sampler that is not quite the policy.</summary>
public sealed class MismatchUpdateTests : IDisposable
{
    private static readonly RlStage Corrected = JobRunner.Rl with
    {
        MiniBatches = 2, Loss = new() { OldLogProbs = OldLogProbs.Recomputed, Mismatch = new() { Mode = MismatchMode.TokenTruncate } },
    };

    private readonly JobRunner jobs = new();
    private readonly TempFolder folder = new();

    public void Dispose()
    {
        jobs.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Update_OfASamplerThatIsThePolicy_FindsNoMismatch()
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        var metrics = (await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "next/", stage: Corrected)).Metrics;
        metrics[MetricNames.MismatchMean].ShouldBeLessThan(1e-4);
        metrics[MetricNames.MismatchEffective].ShouldBe(1, 1e-4);
        metrics[MetricNames.MismatchCut].ShouldBe(0);
        metrics[MetricNames.PerplexityTrainer].ShouldBe(metrics[MetricNames.PerplexitySampler], 1e-3);
    }

    [Fact]
    public async Task Update_OfASamplerThatIsBiased_TellsAndCorrectsIt()
    {
        await jobs.PretrainAsync();
        var biased = await BiasedAsync((await jobs.RolloutAsync("base/")).Outputs["tokens"]);
        var corrected = (await jobs.UpdateAsync("base/", [biased], "corrected/", stage: Corrected)).Metrics;
        corrected[MetricNames.MismatchMean].ShouldBe(1, 1e-3); // e^1 is beyond 2: every token's weight is cut
        corrected[MetricNames.MismatchCut].ShouldBe(1);
        corrected[MetricNames.RatioMean].ShouldBe(1, 0.1); // to the recomputed ones, where the recorded ones would give e

        var recorded = (await jobs.UpdateAsync("base/", [biased], "recorded/",
            stage: Corrected with { Loss = new() { OldLogProbs = OldLogProbs.Recorded } })).Metrics;
        recorded[MetricNames.RatioMean].ShouldBeGreaterThan(2);
        recorded.ShouldNotContainKey(MetricNames.MismatchMean);
    }

    [Fact]
    public async Task Update_InShardsEachOnAnotherWorker_CorrectsByTheSameWeights()
    {
        await jobs.PretrainAsync();
        var biased = await BiasedAsync((await jobs.RolloutAsync("base/")).Outputs["tokens"]);
        var stage = Corrected with { UpdateShards = 2 };
        var calm = await jobs.ShardedUpdateAsync("base/", [biased], "calm/", stage);
        var rough = await jobs.ShardedUpdateAsync("base/", [biased], "rough/", stage, before: () =>
        {
            jobs.Restart();
            return Task.CompletedTask;
        });
        (await jobs.HashAsync("rough/")).ShouldBe(await jobs.HashAsync("calm/"));
        rough.Metrics.ShouldBe(calm.Metrics);
        calm.Metrics[MetricNames.MismatchMean].ShouldBe(1, 1e-3);
    }

    // The same tokens, told with log-probabilities that are lower by 1.
    private async Task<string> BiasedAsync(string rollout)
    {
        var file = folder["rollout.safetensors"];
        (await jobs.Blobs.TryDownloadAsync(rollout, file, CancellationToken.None)).ShouldBeTrue();
        var rows = RolloutFile.Read(file).Select(row => row with { LogProbs = [.. row.LogProbs.Select(logProb => logProb - 1)] }).ToList();
        RolloutFile.Write(file, rows);
        await jobs.Blobs.UploadAsync("rollouts/biased.safetensors", file, CancellationToken.None);
        return "rollouts/biased.safetensors";
    }
}
