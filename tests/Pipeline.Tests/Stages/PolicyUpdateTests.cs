using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Stages.Reinforcement;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Updates in shards, and generation beside the update before.</summary>
public class PolicyUpdateTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Run_UpdateShards_FansOutEachStepAndHandsItsGradientsOn()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(
            TestRecipes.Load(TestRecipes.Json(iterations: 3, evaluation: "", rl: "\"updateShards\": 3, \"epochs\": 2,")), "cut", null);
        (await host.WaitAsync("cut", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        var ran = host.Pool.Ran.Where(id => id.StartsWith("r1-zero/000001/", StringComparison.Ordinal))
            .Select(id => id["r1-zero/000001/".Length..]).ToList();
        ran[0].ShouldBe("rollout/0");
        ran[1..4].ShouldBe(["gradient-0/0", "gradient-0/1", "gradient-0/2"], ignoreOrder: true);
        ran[4..7].ShouldBe(["gradient-1/0", "gradient-1/1", "gradient-1/2"], ignoreOrder: true);
        ran[7..].ShouldBe(["update/0"]);

        var first = await JobAsync<GradientJob>(host, "cut", "r1-zero/000001/gradient-0/2");
        first.After.ShouldBeEmpty();
        var second = await JobAsync<GradientJob>(host, "cut", "r1-zero/000001/gradient-1/2");
        (second.Step, second.Shard, second.Policy).ShouldBe((1, 2, "runs/cut/checkpoints/r1-zero/step-000001/"));
        second.After.ShouldBe(Enumerable.Range(0, 3).Select(shard => $"rollouts/cut/r1-zero/000001/gradients/0000-{shard}.00.safetensors"));
        var update = await JobAsync<UpdateJob>(host, "cut", "r1-zero/000001/update/0");
        update.Gradients.ShouldBe(Enumerable.Range(0, 3)
            .Select(shard => $"rollouts/cut/r1-zero/000001/gradients/0001-{shard}.00.safetensors"));
        update.Rollouts.ShouldBe(second.Rollouts);

        // Of no use once the checkpoint is there.
        host.Blobs.Paths.ShouldNotContain(path => path.Contains("/gradients/", StringComparison.Ordinal));
        host.Blobs.Paths.ShouldContain(path => path.StartsWith("rollouts/cut/r1-zero/000001/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_GradientFails_RetryDoesOnlyWhatIsMissing()
    {
        await using var host = new PipelineHost();
        var broken = true;
        host.Pool.OnJob = job =>
            broken && job.JobId == "r1-zero/000001/gradient-1/1"
            ? throw new BadInputException("the gradient is not a number") : Task.CompletedTask;
        await host.Runs.CreateAsync(
            TestRecipes.Load(TestRecipes.Json(iterations: 2, evaluation: "", rl: "\"updateShards\": 2, \"epochs\": 2,")), "sad", null);
        (await host.WaitAsync("sad", RunStatus.Failed)).Error!.ShouldContain("the gradient is not a number");

        broken = false;
        host.Pool.Ran.Clear();
        await host.Runs.RetryAsync("sad");
        (await host.WaitAsync("sad", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        host.Pool.Ran.ShouldBe(["r1-zero/000001/gradient-1/1", "r1-zero/000001/update/0"]);
    }

    [Fact]
    public async Task Run_Staleness_SamplesTheNextIterationBesideTheUpdate()
    {
        await using var host = new PipelineHost();
        var together = 0;
        host.Pool.OnJob = async job =>
        {
            // The update does not go on until the next rollout is ordered: one after the other would never end.
            if (job.Payload is not UpdateJob { Iteration: < 44 } update) return;
            var next = BlobLayout.JobSpec("ahead", $"r1-zero/{update.Iteration + 1:D6}/rollout/1");
            for (var deadline = DateTime.UtcNow.AddMinutes(30); !await host.Blobs.ExistsAsync(next); await Task.Delay(2))
            {
                if (DateTime.UtcNow > deadline) throw new TimeoutException("The next rollout was not ordered beside the update.");
            }
            together++;
        };
        const string Settings =
            "\"staleness\": 1, \"shards\": 2, \"keepEvery\": 10, \"referenceEvery\": 16, \"evaluateEvery\": 15, \"loss\": { \"klWeight\": "
            + "0.01 },";
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 45, rl: Settings)), "ahead", null);
        (await host.WaitAsync("ahead", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        together.ShouldBe(44);

        // Across two new histories: each rollout by the policy of the update before the last, each once.
        for (var iteration = 0; iteration < 45; iteration++)
        {
            (await JobAsync<RolloutJob>(host, "ahead", $"r1-zero/{iteration:D6}/rollout/1")).Policy.ShouldBe(Checkpoint(iteration - 1));
            var update = await JobAsync<UpdateJob>(host, "ahead", $"r1-zero/{iteration:D6}/update/0");
            (update.Policy, update.Iteration).ShouldBe((Checkpoint(iteration), iteration));
            update.Rollouts.ShouldBe(
                [$"rollouts/ahead/r1-zero/{iteration:D6}/0.a1.safetensors", $"rollouts/ahead/r1-zero/{iteration:D6}/1.a1.safetensors"]);
            update.Reference.ShouldBe(Checkpoint(iteration / 16 * 16));
        }
        host.Pool.Ran.Count(id => id.StartsWith("r1-zero/", StringComparison.Ordinal) && id.Contains("/rollout/", StringComparison.Ordinal))
            .ShouldBe(90);
        host.Pool.Ran.Where(id =>
            id.StartsWith("r1-zero/", StringComparison.Ordinal) && id.Contains("/evaluate/", StringComparison.Ordinal))
            .ShouldBe(["r1-zero/000015/evaluate/0", "r1-zero/000030/evaluate/0"]);

        var rows = (await host.Blobs.TryReadAsync(BlobLayout.Metrics("ahead", "r1-zero")))!.ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<MetricsRow>(line, R1Json.Options)!)
                .Where(row => row.Values.ContainsKey(MetricNames.Staleness)).ToList();
        rows.Select(row => row.Step).ShouldBe(Enumerable.Range(1, 45));
        rows.Select(row => row.Values[MetricNames.Staleness]).ShouldBe([0, .. Enumerable.Repeat(1.0, 44)]);
        rows.Select(row => row.Values.ContainsKey(MetricNames.TimeOverlap)).ShouldBe([.. Enumerable.Repeat(true, 44), false]);

        static string Checkpoint(int step) =>
            step > 0 ? $"runs/ahead/checkpoints/r1-zero/step-{step:D6}/" : "runs/ahead/checkpoints/base/step-000006/";
    }

    /// <summary>Across two new histories: an update names all since the last state but one, with what they learned from.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("\"staleness\": 1, ")]
    public async Task Run_KeepStateEvery_UpdatesNameThoseThatMayBeTakenAgain(string staleness)
    {
        await using var host = new PipelineHost();
        const string States = "runs/kept/checkpoints/r1-zero/";
        host.Pool.OnJob = job =>
        {
            var missing = (job.Payload as UpdateJob)?.Since
                .SelectMany(update => new[] { update.Policy, update.Reference!, update.Sampler ?? update.Policy })
                .FirstOrDefault(checkpoint => !host.Blobs.Paths.Contains(checkpoint + "manifest.json"));
            return missing is null ? Task.CompletedTask : throw new BadInputException($"{job.JobId} would miss {missing}");
        };
        host.Pool.OnResult = result =>
        {
            // What a worker leaves besides.
            var step = result.JobId.Split('/') is ["r1-zero", var iteration, "update", _]
                ? int.Parse(iteration, System.Globalization.CultureInfo.InvariantCulture) + 1 : 0;
            if (step is > 0 and < 45 && step % 4 == 0)
                host.Blobs.WriteAsync($"{States}step-{step:D6}/state/manifest.json", new("state")).Wait();
            return result;
        };
        var settings = $"{staleness}\"keepStateEvery\": 4, \"keepEvery\": 8, \"referenceEvery\": 7, \"loss\": {{ \"klWeight\": 0.01 }},";
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 45, evaluation: "", rl: settings)), "kept", null);
        (await host.WaitAsync("kept", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        for (var iteration = 0; iteration < 45; iteration++)
        {
            var update = await JobAsync<UpdateJob>(host, "kept", $"r1-zero/{iteration:D6}/update/0");
            var first = Math.Max(0, (iteration / 4 - 1) * 4);
            update.Since.Select(earlier => earlier.Iteration).ShouldBe(Enumerable.Range(first, iteration - first));
            foreach (var earlier in update.Since)
            {
                var then = await JobAsync<UpdateJob>(host, "kept", $"r1-zero/{earlier.Iteration:D6}/update/0");
                (earlier.Policy, earlier.Reference).ShouldBe((then.Policy, then.Reference));
                earlier.Rollouts.ShouldBe(then.Rollouts);
                var sampled = await JobAsync<RolloutJob>(host, "kept", $"r1-zero/{earlier.Iteration:D6}/rollout/0");
                (earlier.Sampler ?? earlier.Policy).ShouldBe(sampled.Policy);
            }
        }
        // At the end those are left that stay for good, with their states.
        host.Blobs.Paths.Where(path => path.StartsWith(States, StringComparison.Ordinal) && path.EndsWith("/manifest.json",
            StringComparison.Ordinal)).Select(path => path[States.Length..^"/manifest.json".Length]).ShouldBe(
            [.. new[] { 8, 16, 24, 32, 40 }.SelectMany(step => new[] { $"step-{step:D6}", $"step-{step:D6}/state" }),
                "step-000042", "step-000044", "step-000045"], ignoreOrder: true);
    }

    [Fact]
    public async Task Run_StalenessAndAFailedUpdate_RetryGoesOnWithTheRolloutsThatAreThere()
    {
        await using var host = new PipelineHost();
        var broken = true;
        host.Pool.OnJob = job =>
            broken && job.JobId == "r1-zero/000003/update/0" ? throw new BadInputException("the loss is not a number") : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(evaluation: "", rl: "\"staleness\": 1,")), "sad", null);
        (await host.WaitAsync("sad", RunStatus.Failed)).Error!.ShouldContain("the loss is not a number");

        broken = false;
        host.Pool.Ran.Clear();
        await host.Runs.RetryAsync("sad");
        (await host.WaitAsync("sad", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        // the last rollout was sampled beside the failed update
        host.Pool.Ran.ShouldBe(["r1-zero/000003/update/0", "r1-zero/000004/update/0"]);
    }

    [Fact]
    public async Task Run_Strict_OrdersARolloutOnlyAfterTheUpdate()
    {
        await using var host = new PipelineHost();
        host.Pool.OnJob = async job =>
        {
            if (job.Payload is not UpdateJob update) return;
            await Task.Delay(30);
            if (await host.Blobs.ExistsAsync(BlobLayout.JobSpec("strict", $"r1-zero/{update.Iteration + 1:D6}/rollout/0")))
                throw new BadInputException("It was ordered too early.");
        };
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 3, evaluation: "")), "strict", null);
        (await host.WaitAsync("strict", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 10, 10, 20, 0)] // one after the other
    [InlineData(0, 10, 4, 6, 2)]
    [InlineData(0, 10, 4, 20, 6)]
    [InlineData(5, 10, 0, 20, 5)]
    public void Seconds_TwoJobs_CountsWhatTheyShare(double start, double end, double otherStart, double otherEnd, double expected)
    {
        JobOverlap.Seconds([Job(start, end)], [Job(otherStart, otherEnd)]).ShouldBe(expected, 1e-9);
        JobOverlap.Seconds([Job(otherStart, otherEnd)], [Job(start, end)]).ShouldBe(expected, 1e-9);
    }

    [Fact]
    public void Seconds_SeveralJobs_CountsEachSecondOnce()
    {
        JobOverlap.Seconds([Job(0, 4), Job(2, 6), Job(10, 12)], [Job(3, 5), Job(4, 11)]).ShouldBe(4, 1e-9);
        JobOverlap.Seconds([Job(0, 4), Job(8, 12)], [Job(4, 8)]).ShouldBe(0, 1e-9, "one worker takes them in turn");
        JobOverlap.Seconds([], [Job(0, 1)]).ShouldBe(0);
    }

    private static JobResult Job(double start, double end) => new()
    {
        JobId = "j", Status = JobStatus.Succeeded, Attempt = "a",
            Timing = new() { StartedAt = Noon.AddSeconds(start), Total = end - start },
    };

    private static async Task<T> JobAsync<T>(PipelineHost host, string run, string id)
        where T : JobPayload =>
        (T)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec(run, id))).Payload;
}
