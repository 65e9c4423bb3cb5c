using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Updates;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Jobs.Updates;

/// <summary>
/// Iterations whose optimizer state is stored every few of them only, against the same with it in every checkpoint: whoever dies, and
/// wherever, the weights are the same.
/// </summary>
public sealed class ReplayedPolicyTests : IDisposable
{
    private static readonly RlStage Stage = JobRunner.Rl with { Iterations = 8, KeepStateEvery = 3, Loss = new() { KlWeight = 0.01 } };

    private readonly JobRunner jobs = new();
    private readonly List<JobOutcome> updates = [];

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Updates_OneWorker_StoreWeightsEachTimeAndTheStateEveryThird()
    {
        await jobs.PretrainAsync();
        await IterateAsync(Stage with { KeepStateEvery = 1 }, "calm", 0, 7);
        await IterateAsync(Stage, "rl", 0, 7);
        await jobs.Models.Uploads.WaitAsync();

        for (var step = 1; step <= 7; step++)
        {
            (await jobs.WeightsAsync(At("rl", step))).ShouldBe(await jobs.WeightsAsync(At("calm", step)), $"step {step}");
            (await ManifestAsync(At("rl", step))).FilesOf(CheckpointPart.State).ShouldBeEmpty();
            (await jobs.Blobs.ExistsAsync(State("rl", step))).ShouldBe(step is 3 or 6);
        }
        foreach (var step in (int[])[3, 6])
        {
            var (apart, within) = ((await ManifestAsync(At("rl", step) + "state/")).Files, (await ManifestAsync(At("calm", step))).Files);
            apart.Keys.ShouldBe(["optimizer.safetensors", "trainer_state.json"]);
            apart["optimizer.safetensors"].Sha256.ShouldBe(within["optimizer.safetensors"].Sha256);
        }
        updates.Skip(7).ShouldAllBe(update => update.Metrics[MetricNames.UpdatesReplayed] == 0);
        updates.Take(7).ShouldAllBe(update => !update.Metrics.ContainsKey(MetricNames.UpdatesReplayed));
    }

    /// <summary>A worker that knows nothing at any step begins at the last state and makes the same.</summary>
    [Theory]
    [InlineData(1, 1)] // from the beginning, whose state is made
    [InlineData(2, 2)]
    [InlineData(3, 0)] // the state itself
    [InlineData(5, 2)]
    [InlineData(7, 1)]
    public async Task Update_NewWorker_TakesTheUpdatesSinceTheLastStateAgain(int step, int replayed)
    {
        await jobs.PretrainAsync();
        await IterateAsync(Stage with { KeepStateEvery = 1 }, "calm", 0, 8);
        await IterateAsync(Stage, "rl", 0, step);
        await jobs.Models.Uploads.WaitAsync();
        jobs.Restart();
        await IterateAsync(Stage, "rl", step, 8);

        updates[8 + step].Metrics[MetricNames.UpdatesReplayed].ShouldBe(replayed);
        updates.Skip(9 + step).ShouldAllBe(update => update.Metrics[MetricNames.UpdatesReplayed] == 0);
        updates.ShouldAllBe(update => !update.Metrics.ContainsKey(MetricNames.ReplayDiffers));
        for (var at = 1; at <= 8; at++) (await jobs.WeightsAsync(At("rl", at))).ShouldBe(await jobs.WeightsAsync(At("calm", at)));
    }

    [Fact]
    public async Task Update_WorkerDiesAtEachWriteOfIt_EndsWithTheSameBits()
    {
        await jobs.PretrainAsync();
        await IterateAsync(Stage with { KeepStateEvery = 1 }, "calm", 0, 7);
        await IterateAsync(Stage, "rl", 0, 2);
        foreach (var at in (string[])["step-000003/*/model.safetensors", "step-000003/*/tokenizer.json", "step-000003/manifest.json",
            "step-000003/state/*/optimizer.safetensors", "step-000003/state/manifest.json", "step-000006/manifest.json",
            "step-000006/state/manifest.json"])
        {
            var run = "rl-" + at.Replace('/', '-').Replace('*', '-');
            Copy("rl", run, 2);
            var died = new TaskCompletionSource();
            jobs.Blobs.BeforeWrite = path =>
                IsAt(path, run, at) && died.TrySetResult() ? throw new WorkerDiedException() : Task.CompletedTask;
            for (var iteration = 2; iteration < 7; iteration++)
            {
                try
                {
                    await IterateAsync(Stage, run, iteration, iteration + 1);
                    await jobs.Models.Uploads.WaitAsync();
                }
                catch (WorkerDiedException)
                {
                    jobs.Restart();
                    iteration--; // the job comes again
                }
            }
            died.Task.IsCompleted.ShouldBeTrue($"nobody came to {at}");
            (await jobs.WeightsAsync(At(run, 7))).ShouldBe(await jobs.WeightsAsync(At("calm", 7)), at);
            await jobs.Models.Uploads.WaitAsync();
            (await jobs.Blobs.ExistsAsync(State(run, 6))).ShouldBeTrue();
        }
    }

    /// <summary>While a state is on its way the rest goes on; the next one waits for it, so that two are never under way.</summary>
    [Fact]
    public async Task Update_StateOnItsWay_IsWaitedForByTheNextStateOnly()
    {
        await jobs.PretrainAsync();
        var arrives = new TaskCompletionSource();
        jobs.Blobs.BeforeWrite = path =>
            path.EndsWith("step-000003/state/manifest.json", StringComparison.Ordinal) ? arrives.Task : Task.CompletedTask;
        await IterateAsync(Stage, "rl", 0, 5);
        (await jobs.Blobs.ExistsAsync(State("rl", 3))).ShouldBeFalse("it is on its way, and two iterations are committed");
        var next = IterateAsync(Stage, "rl", 5, 6);
        (await Task.WhenAny(next, Task.Delay(200))).ShouldNotBeSameAs(next);
        (await jobs.Blobs.ExistsAsync(At("rl", 6) + "manifest.json")).ShouldBeFalse();
        arrives.SetResult();
        await next;
        var order = jobs.Blobs.Writes.ToList();
        order.IndexOf(State("rl", 3)).ShouldBeLessThan(order.IndexOf(At("rl", 6) + "manifest.json"));
    }

    /// <summary>Two states that are lost in a row would leave nothing to begin at: the second is waited for.</summary>
    [Fact]
    public async Task Update_StateBeforeIsLost_StoresItsOwnBeforeItCommits()
    {
        await jobs.PretrainAsync();
        jobs.Blobs.BeforeWrite = path => path.EndsWith("step-000003/state/manifest.json", StringComparison.Ordinal)
            ? throw new StorageException("refused") : Task.CompletedTask;
        await IterateAsync(Stage, "rl", 0, 6);
        (await jobs.Blobs.ExistsAsync(State("rl", 3))).ShouldBeFalse();
        var order = jobs.Blobs.Writes.ToList();
        order.IndexOf(State("rl", 6)).ShouldBeInRange(0, order.IndexOf(At("rl", 6) + "manifest.json"));
    }

    /// <summary>With one worker and staleness, the policy that samples is another one between two updates.</summary>
    [Fact]
    public async Task Update_AnotherPolicySampledMeanwhile_StillHasItsState()
    {
        await jobs.PretrainAsync();
        await IterateAsync(Stage with { KeepStateEvery = 1 }, "calm", 0, 3);
        for (var iteration = 0; iteration < 3; iteration++)
        {
            await IterateAsync(Stage, "rl", iteration, iteration + 1);
            await jobs.RolloutAsync("base/", iteration, stage: Stage);
        }
        updates.Skip(3).ShouldAllBe(update => update.Metrics[MetricNames.UpdatesReplayed] == 0);
        (await jobs.WeightsAsync(At("rl", 3))).ShouldBe(await jobs.WeightsAsync(At("calm", 3)));
    }

    [Fact]
    public async Task Update_Adapter_IsReplayedToTheSameBits()
    {
        await jobs.PretrainAsync();
        var stage = Stage with { Optimizer = Stage.Optimizer with { Lora = new() { Rank = 4 } } };
        await IterateAsync(stage with { KeepStateEvery = 1 }, "calm", 0, 5);
        await IterateAsync(stage, "rl", 0, 4);
        await jobs.Models.Uploads.WaitAsync();
        jobs.Restart();
        await IterateAsync(stage, "rl", 4, 5);
        updates[^1].Metrics[MetricNames.UpdatesReplayed].ShouldBe(1);
        (await AdapterAsync("rl")).ShouldBe(await AdapterAsync("calm"));

        async Task<string> AdapterAsync(string run) => (await ManifestAsync(At(run, 5))).Files["adapter_model.safetensors"].Sha256;
    }

    /// <summary>A machine that computes otherwise: what was committed counts, and it is said.</summary>
    [Fact]
    public async Task Update_ReplayGivesOtherWeights_GoesOnFromTheCommittedOnesAndSaysSo()
    {
        await jobs.PretrainAsync();
        await IterateAsync(Stage, "rl", 0, 2);
        var update = await OrderAsync("rl", 2);
        // Other rollouts than those that the committed weights came from.
        var other = (await jobs.RolloutAsync("base/", iteration: 7, stage: Stage)).Outputs["tokens"];
        jobs.Restart();
        var outcome = await jobs.RunAsync(models => new UpdateHandler(models),
            update with { Since = [.. update.Since.Select(earlier => earlier with { Rollouts = [other] })] });
        outcome.Metrics[MetricNames.ReplayDiffers].ShouldBe(1);
        outcome.Metrics[MetricNames.UpdatesReplayed].ShouldBe(2);

        var (before, after) = (await TensorsAsync(At("rl", 2)), await TensorsAsync(At("rl", 3)));
        foreach (var (name, tensor) in after)
            (tensor - before[name]).abs().max().item<float>().ShouldBeLessThan(0.01f, "two steps of 1e-3 from the committed weights");
    }

    [Fact]
    public async Task Update_NoStateAnywhere_IsNamed()
    {
        await jobs.PretrainAsync();
        await IterateAsync(Stage, "rl", 0, 2);
        var update = await OrderAsync("rl", 2);
        jobs.Restart();
        (await Should.ThrowAsync<CheckpointCorruptException>(() => jobs.RunAsync(models => new UpdateHandler(models),
            update with { Since = [.. update.Since.Skip(1)] }))).Message
            .ShouldBe("Neither checkpoint 'rl/step-000002/' nor any of the 1 before it that its job names has a training state.");
    }

    // Rollouts and updates from an iteration to another, each job as the orchestration orders it.
    private async Task IterateAsync(RlStage stage, string run, int from, int until)
    {
        for (var iteration = from; iteration < until; iteration++)
        {
            var rollout = Rollout(run, iteration);
            if (!rollouts.ContainsKey(rollout))
                rollouts[rollout] = (await jobs.RolloutAsync(At(run, iteration), iteration, stage: stage)).Outputs["tokens"];
            updates.Add(await jobs.RunAsync(models => new UpdateHandler(models), Job(stage, run, iteration)));
        }
    }

    private readonly Dictionary<string, string> rollouts = [];

    // The next update, its rollouts sampled.
    private async Task<UpdateJob> OrderAsync(string run, int iteration)
    {
        rollouts[Rollout(run, iteration)] = (await jobs.RolloutAsync(At(run, iteration), iteration, stage: Stage)).Outputs["tokens"];
        return Job(Stage, run, iteration);
    }

    private UpdateJob Job(RlStage stage, string run, int iteration) => new()
    {
        Seed = 3, Stage = "rl", Settings = stage, Iteration = iteration, Policy = At(run, iteration), Reference = "base/",
        Rollouts = [rollouts[Rollout(run, iteration)]], Checkpoint = At(run, iteration + 1),
        Since = [.. Enumerable.Range(0, iteration).Skip(stage.ReplayFrom(iteration))
            .Select(earlier => new EarlierUpdate(earlier, At(run, earlier), [rollouts[Rollout(run, earlier)]], "base/"))],
    };

    private void Copy(string from, string to, int steps)
    {
        for (var iteration = 0; iteration < steps; iteration++) rollouts[Rollout(to, iteration)] = rollouts[Rollout(from, iteration)];
        aliases[to] = (from, steps);
    }

    private readonly Dictionary<string, (string From, int Steps)> aliases = [];

    private string At(string run, int step) => step == 0 ? "base/"
        : aliases.TryGetValue(run, out var alias) && step <= alias.Steps ? At(alias.From, step) : $"{run}/step-{step:D6}/";

    private string State(string run, int step) => At(run, step) + "state/manifest.json";

    private static string Rollout(string run, int iteration) => $"{run} {iteration}";

    private async Task<CheckpointManifest> ManifestAsync(string checkpoint) =>
        await new CheckpointStore(jobs.Blobs).ReadAsync(checkpoint);

    private async Task<Dictionary<string, Tensor>> TensorsAsync(string checkpoint) => await jobs.AskAsync(async (models, context) =>
        (await models.ReferenceAsync(checkpoint, context, TrainingPrecision.Float32)).Model.Weights
            .ToDictionary(weight => weight.Name, weight => weight.Tensor.detach().clone()));

    private static bool IsAt(string path, string run, string at)
    {
        var parts = at.Split('*');
        return path.StartsWith($"{run}/{parts[0]}", StringComparison.Ordinal) && path.EndsWith(parts[^1], StringComparison.Ordinal);
    }

    private sealed class WorkerDiedException : Exception;
}
