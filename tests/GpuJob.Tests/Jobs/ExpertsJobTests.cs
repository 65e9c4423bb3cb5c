using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>Miniatures of DeepSeek-V3 and Qwen3's experts through the jobs.</summary>
public sealed class ExpertsJobTests : IDisposable
{
    private static readonly LatentShape Latents = new() { KeyValueRank = 12, PlainWidth = 8, RotaryWidth = 8, ValueWidth = 8 };

    private static readonly Dictionary<string, (ModelShape Shape, string Type)> Shapes = new()
    {
        ["deepseek"] = (JobRunner.Pretraining.Model with
        {
            KvHeads = 2, Latent = Latents with { QueryRank = 16 },
            Experts = new() { Count = 8, PerToken = 2, IntermediateSize = 24, Groups = 2, ChosenGroups = 1, BiasStep = 0.02 },
        }, "deepseek_v3"),
        ["qwen"] = (JobRunner.Pretraining.Model with
        {
            Experts = new() { Count = 6, PerToken = 2, IntermediateSize = 24, AuxiliaryLoss = 0.02 },
        }, "qwen3_moe"),
        ["dense-latents"] = (JobRunner.Pretraining.Model with { KvHeads = 2, Latent = Latents }, "deepseek_v3"),
    };

    private readonly JobRunner jobs = new();

    public static TheoryData<string> Names => [.. Shapes.Keys];

    public void Dispose() => jobs.Dispose();

    [Theory, MemberData(nameof(Names))]
    public async Task Pretrain_ThenRollOutAndUpdate_LearnsAndSamplerAgreesWithTrainer(string name)
    {
        var (shape, type) = Shapes[name];
        var outcome = await jobs.PretrainAsync(stage: JobRunner.Pretraining with { Model = shape });
        outcome.Metrics[MetricNames.Loss].ShouldBeLessThan(1.8); // ln 24 = 3.2 is knowing nothing
        outcome.Metrics.ContainsKey(MetricNames.ExpertLoadMax).ShouldBe(shape.Experts is not null);
        if (shape.Experts is not null)
        {
            outcome.Metrics[MetricNames.ExpertLoadMax].ShouldBeInRange(1, shape.Experts.Count);
            outcome.Metrics[MetricNames.ExpertLoadMin].ShouldBeInRange(0, 1);
        }

        var config = await ConfigAsync();
        config.ModelType.ShouldBe(type);
        (config.Latent is null, config.Experts is null).ShouldBe((shape.Latent is null, shape.Experts is null));

        jobs.Restart();
        var stage = JobRunner.Rl with { MiniBatches = 1 };
        var rollout = await jobs.RolloutAsync("base/", stage: stage);
        var update = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage);
        update.Metrics[MetricNames.RatioMean].ShouldBe(1, 1e-3);
    }

    /// <summary>Without balancing a few experts take most tokens; with it the load is more even.</summary>
    [Theory]
    [InlineData("deepseek")]
    [InlineData("qwen")]
    public async Task Pretrain_Balanced_HasAMoreEvenLoadThanWithout(string name)
    {
        var shape = Shapes[name].Shape;
        var off = shape.Latent is null
            ? shape.Experts! with { AuxiliaryLoss = 0 } : shape.Experts! with { BiasStep = 0, SequenceLoss = 0 };
        var balanced = await jobs.PretrainAsync("with/", jobId: "a", stage: JobRunner.Pretraining with { Model = shape });
        jobs.Restart();
        var left = await jobs.PretrainAsync("without/", jobId: "b",
            stage: JobRunner.Pretraining with { Model = shape with { Experts = off } });
        left.Metrics[MetricNames.ExpertLoss].ShouldBe(0);
        balanced.Metrics[MetricNames.ExpertLoadMax].ShouldBeLessThan(left.Metrics[MetricNames.ExpertLoadMax]);
    }

    [Fact]
    public async Task Pretrain_PreemptedAndContinuedElsewhere_EndsWithTheSameBits()
    {
        var stage = JobRunner.Pretraining with { Model = Shapes["deepseek"].Shape };
        await jobs.PretrainAsync("undisturbed/", jobId: "a", stage: stage);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAsync<PreemptedException>(() =>
            jobs.PretrainAsync("disturbed/", stop.Token, "b", step => { if (step == 60) stop.Cancel(); }, stage));
        jobs.Restart();
        await jobs.PretrainAsync("disturbed/", jobId: "b", stage: stage);
        (await jobs.HashAsync("disturbed/")).ShouldBe(await jobs.HashAsync("undisturbed/"));
    }

    private async Task<ModelConfig> ConfigAsync()
    {
        var manifest = await jobs.Blobs.ReadJsonAsync<CheckpointManifest>("base/manifest.json");
        var file = await jobs.Blobs.TryReadAsync(manifest.Files[ModelConfig.FileName].Path);
        return ModelConfig.Parse(file!.ToMemory(), ModelConfig.FileName);
    }
}
