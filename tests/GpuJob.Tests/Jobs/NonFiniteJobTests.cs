using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Evaluation;
using R1Cloud.GpuJob.Jobs.Importing;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Tests.Strangers;
using R1Cloud.GpuJob.Work;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>A number that is not finite ends the job, names what it is of, and is not tried again.</summary>
public sealed class NonFiniteJobTests : IDisposable
{
    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Import_NaN_EndsTheJob()
    {
        using var folder = new StrangersFolder();
        folder.WithTensors("model.safetensors", tensors => tensors["model.layers.1.mlp.up_proj.weight"][0, 0] = tensor(float.NaN));
        Directory.Delete(folder.At(StrangersFolder.Adapter), recursive: true);
        var error = await Should.ThrowAsync<BadInputException>(() =>
            jobs.RunAsync(_ => new ImportHandler(),
                new ImportJob { Seed = 1, Stage = "m", Settings = new() { Path = folder.Root }, Checkpoint = "base/", Step = 0 }));
        error.Message.ShouldContain("model.layers.1.mlp.up_proj.weight");
        (await jobs.Blobs.ExistsAsync("base/manifest.json")).ShouldBeFalse();
    }

    /// <summary>Finite weights, but activations that overflow: the logits are NaN.</summary>
    [Fact]
    public async Task RolloutAndEvaluate_LogitsThatAreNotFinite_EndTheJob()
    {
        await jobs.PretrainAsync();
        await ChangeAsync("base/", "broken/", weights => weights["model.norm.weight"].fill_(3e38f));
        foreach (var run in new Func<Task<JobOutcome>>[]
        {
            () => jobs.RolloutAsync("broken/"),
            () => jobs.RunAsync(models => new EvaluateHandler(models), new EvaluateJob
            {
                Seed = 3, Stage = "base", Task = JobRunner.Task, Checkpoint = "broken/", Rewards = JobRunner.Rl.Rewards,
                    Settings = new() { Task = "addition", Problems = 4, Samples = 2 },
            }),
        })
        {
            var error = await Should.ThrowAsync<NonFiniteException>(run);
            error.Message.ShouldContain("log-probability of token 0");
            Failures.ExitCode(error).ShouldBe(ExitCodes.BadInput);
        }
    }

    [Fact]
    public async Task Update_LossThatIsNotFinite_NamesIterationAndStepAndSavesNothing()
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        var settings = JobRunner.Rl with { Optimizer = new() { LearningRate = 1, Beta1 = 0, Beta2 = 0 } };
        // The policy of the update is another than the rollout's: its first log-probabilities are not finite.
        await ChangeAsync("base/", "broken/", weights => weights["model.norm.weight"].fill_(3e38f));
        (await Should.ThrowAsync<NonFiniteException>(() =>
            jobs.UpdateAsync("broken/", [rollout.Outputs["tokens"]], "rl/1/", iteration: 0, stage: settings)))
            .Message.ShouldBe("Iteration 0, step 1: the sum of the policy's log-probabilities is NaN.");
        // So are the reference's.
        var kl = JobRunner.Rl with { Loss = new() { KlWeight = 0.1 } };
        (await Should.ThrowAsync<NonFiniteException>(() =>
            jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: kl, reference: "broken/")))
            .Message.ShouldContain("step 1: the sum of the reference's log-probabilities");
        (await Should.ThrowAsync<NonFiniteException>(() =>
            jobs.ShardedUpdateAsync("broken/", [rollout.Outputs["tokens"]], "rl/1/", settings with { UpdateShards = 2 })))
            .Message.ShouldContain("Iteration 0, shard 0, step 1: ");
        jobs.Restart("cpu,cpu");
        (await Should.ThrowAsync<NonFiniteException>(() =>
            jobs.UpdateAsync("broken/", [rollout.Outputs["tokens"]], "rl/1/", iteration: 0, stage: settings with { UpdateReplicas = 2 })))
            .Message.ShouldBe("Iteration 0, step 1: the sum of the policy's log-probabilities is NaN.");
        (await jobs.Blobs.ExistsAsync("rl/1/manifest.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task Pretrain_Diverges_NamesTheStep()
    {
        var error = await Should.ThrowAsync<Exception>(() => jobs.RunAsync(models => new PretrainHandler(models), new PretrainJob
        {
            Seed = 3, Stage = "base", Settings = JobRunner.Pretraining with { Optimizer = new() { LearningRate = 1e30 } },
                Tasks = JobRunner.Tasks, Checkpoint = "base/",
        }));
        error.ShouldBeOfType<NonFiniteException>().Message.ShouldContain("step 2: ");
        (await jobs.Blobs.ExistsAsync("base/manifest.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task Write_WeightThatIsNotFinite_NamesTensorAndStep()
    {
        await jobs.PretrainAsync();
        var folder = Directory.CreateTempSubdirectory().FullName;
        var policy = await jobs.AskAsync((models, context) => models.PolicyAsync("base/", context));
        using (no_grad())
            policy.Model.Weights.Single(weight => weight.Name == "model.layers.0.input_layernorm.weight")
            .Tensor[3] = tensor(float.PositiveInfinity);
        Should.Throw<NonFiniteException>(() => CheckpointFiles.Write(policy, folder, new TrainerState("rl", 7, 14, 1))).Message
            .ShouldBe("Stage 'rl', step 7: the weight model.layers.0.input_layernorm.weight is not finite; the checkpoint is not saved.");
        Directory.GetFiles(folder).ShouldBeEmpty();
        Directory.Delete(folder);
    }

    [Fact]
    public void Check_SeveralNumbers_NamesTheFirstThatIsNotFinite()
    {
        using var scope = NewDisposeScope();
        using var watch = new FiniteWatch();
        watch.Add(0, "a", tensor(1f));
        watch.Check("");
        watch.Add(1, ["b", "c", "d"], tensor(new[] { 1f, float.NegativeInfinity, float.NaN }));
        watch.Add(0, "e", tensor(float.NaN));
        Should.Throw<NonFiniteException>(() => watch.Check("Iteration 4, ")).Message.ShouldBe("Iteration 4, step 2: c is -Infinity.");
        watch.Check("");
    }

    /// <summary>−∞ that a mask put there is none of them.</summary>
    [Fact]
    public async Task Update_TruncatedSampling_GoesOn()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { Sampling = new() { TopK = 3, TopP = 0.9, MinP = 0.01 } };
        var rollout = await jobs.RolloutAsync("base/", stage: stage);
        (await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage)).Outputs["checkpoint"].ShouldBe("rl/1/");
    }

    private async Task ChangeAsync(string from, string to, Action<IReadOnlyDictionary<string, Tensor>> change)
    {
        var store = new CheckpointStore(jobs.Blobs);
        var scratch = Directory.CreateTempSubdirectory();
        var cache = scratch.CreateSubdirectory("cache").FullName;
        var folder = await store.DownloadAsync(from, CheckpointPart.Model, cache, CancellationToken.None);
        var copy = scratch.CreateSubdirectory("copy").FullName;
        foreach (var file in Directory.GetFiles(folder)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        using (var model = CausalLm.Load(folder, CPU))
        {
            using (no_grad()) change(model.Weights.ToDictionary(weight => weight.Name, weight => weight.Tensor));
            model.Save(copy);
        }
        await store.WriteAsync(to, "broken", 1, "1-test", null, copy);
        scratch.Delete(recursive: true);
    }
}
