using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

public class RunOrchestrationTests
{
    [Fact]
    public async Task Run_WithEveryStage_CompletesWithReportAndMetrics()
    {
        await using var host = new PipelineHost();
        var created =
            await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(rl: "\"shards\": 2, \"evaluateEvery\": 2,")), "one", null);
        created.Status.ShouldBeOneOf(RunStatus.Queued, RunStatus.Running);

        var run = await host.WaitAsync("one", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        run.Stages.Select(stage => (stage.Name, stage.Kind, stage.Status, stage.Done)).ShouldBe(
            [("base", "pretrain", StageStatus.Completed, 6), ("r1-zero", "rl", StageStatus.Completed, 5)]);
        run.Stages[1].Metrics[MetricNames.EvalGreedyAccuracy].ShouldBe(0.98);
        run.Stages[1].Checkpoint.ShouldBe("runs/one/checkpoints/r1-zero/step-000005/");
        run.Workers.Workers.ShouldBeEmpty();
        host.Pool.Ran.ShouldBe(
        [
            "base/000000/pretrain/0", "base/000006/final-evaluate/0",
            .. Enumerable.Range(0, 5).SelectMany(i => (string[])
            [
                $"r1-zero/{i:D6}/rollout/0", $"r1-zero/{i:D6}/rollout/1", $"r1-zero/{i:D6}/update/0",
                .. i is 1 or 3 ? (string[])[$"r1-zero/{i + 1:D6}/evaluate/0"] : [],
            ]),
            "r1-zero/000005/final-evaluate/0",
        ], ignoreOrder: true);

        var report = await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("one", "report.json"));
        report.Stages[1].Before!.GreedyAccuracy.ShouldBe(0.3);
        report.Stages[1].After!.GreedyAccuracy.ShouldBe(0.98);
        report.Stages[1].Evaluations.Select(point => point.Step).ShouldBe([0, 2, 4, 5]);
        report.Stages[1].Training.Count.ShouldBe(5);
        report.Stages[1].Samples.Count.ShouldBe(3);
        report.Overlap.ShouldBe(0);
        host.Blobs.Paths.ShouldContain("runs/one/report/curve.svg");
        host.Blobs.Paths.ShouldContain("runs/one/report/report.html");
    }

    [Fact]
    public async Task Run_LongRl_ContinuesAsNewAndRecordsEveryStep()
    {
        await using var host = new PipelineHost();
        var saves = 0;
        host.Blobs.OnAccess = path => saves += path == BlobLayout.StageRecord("long", "r1-zero") ? 1 : 0;
        await host.Runs.CreateAsync(
            TestRecipes.Load(
                TestRecipes.Json(iterations: 45, evaluation: "",
                    rl: "\"keepEvery\": 10, \"referenceEvery\": 16, \"loss\": { \"klWeight\": 0.01 },")), "long", null);

        (await host.WaitAsync("long", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        // Read once at the beginning, written with the cursor after 20 and 40 iterations and with the result; read by who looks at the
        // completed stage.
        saves.ShouldBe(5);
        host.Pool.Ran.Count(id => id.Contains("/update/", StringComparison.Ordinal)).ShouldBe(45);
        var lines = (await host.Blobs.TryReadAsync(BlobLayout.Metrics("long", "r1-zero")))!.ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Select(line => JsonSerializer.Deserialize<MetricsRow>(line, R1Json.Options)!.Step).ShouldBe(Enumerable.Range(1, 45));

        // Multiples of ten, the last two, and the reference of the last iterations.
        host.Blobs.Paths.Where(path =>
            path.StartsWith("runs/long/checkpoints/r1-zero/", StringComparison.Ordinal)
            && path.EndsWith("/manifest.json", StringComparison.Ordinal))
            .Select(path => path.Split('/')[^2])
                .ShouldBe(["step-000010", "step-000020", "step-000030", "step-000032", "step-000040", "step-000044", "step-000045"]);
        host.Blobs.Paths.Count(path =>
            path.StartsWith("runs/long/checkpoints/r1-zero/", StringComparison.Ordinal)
            && path.EndsWith("model.safetensors", StringComparison.Ordinal)).ShouldBe(7);
        var last = await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("long", "r1-zero/000044/update/0"));
        ((UpdateJob)last.Payload).Reference.ShouldBe("runs/long/checkpoints/r1-zero/step-000032/");
    }

    [Fact]
    public async Task Run_FailedJob_FailsWithTheWorkersErrorAndRetryContinues()
    {
        await using var host = new PipelineHost();
        var broken = true;
        host.Pool.OnJob = job =>
            broken && job.JobId == "r1-zero/000003/update/0" ? throw new BadInputException("the loss is not a number") : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "sad", null);

        var failed = await host.WaitAsync("sad", RunStatus.Failed);
        failed.Error!.ShouldContain("the loss is not a number");
        failed.Error!.ShouldContain("r1-zero/000003/update/0");
        failed.Stages.Select(stage => stage.Status).ShouldBe([StageStatus.Completed, StageStatus.Failed]);
        host.Pool.Released.ShouldBe(1);

        broken = false;
        host.Pool.Ran.Clear();
        await host.Runs.RetryAsync("sad");
        (await host.WaitAsync("sad", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        // What was finished is not done again.
        host.Pool.Ran.ShouldBe(
            ["r1-zero/000003/update/0", "r1-zero/000004/rollout/0", "r1-zero/000004/update/0", "r1-zero/000005/final-evaluate/0"]);
        host.Blobs.Paths.ShouldContain("runs/sad/jobs/r1-zero/000003/update/0/result.before-retry-1.json");
    }

    [Fact]
    public async Task Retry_FromStage_RunsItAnewUnderARevision()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "again", null);
        await host.WaitAsync("again", RunStatus.Completed);
        await Should.ThrowAsync<RunConflictException>(() => host.Runs.RetryAsync("again"));
        await Should.ThrowAsync<InvalidRequestException>(() => host.Runs.RetryAsync("again", "sft"));

        host.Pool.Ran.Clear();
        await host.Runs.RetryAsync("again", "r1-zero");
        var run = await host.WaitAsync("again", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        run.Stages.Select(stage => stage.Label).ShouldBe(["base", "r1-zero~1"]);
        host.Pool.Ran.ShouldAllBe(id => id.StartsWith("r1-zero~1/", StringComparison.Ordinal));
        var spec = await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("again", "r1-zero~1/000000/rollout/0"));
        spec.Payload.Stage.ShouldBe("r1-zero");
        ((RolloutJob)spec.Payload).Policy.ShouldBe("runs/again/checkpoints/base/step-000006/");
    }

    [Fact]
    public async Task LostCompletion_BackUpTimer_FindsTheResult()
    {
        await using var host = new PipelineHost(new() { JobCheckInterval = TimeSpan.FromMilliseconds(100) });
        host.Pool.Announces = job => !job.JobId.Contains("/rollout/", StringComparison.Ordinal);
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 2)), "deaf", null);

        (await host.WaitAsync("deaf", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
    }

    [Fact]
    public async Task LostMessage_BackUpTimer_PutsTheJobAgain()
    {
        await using var host = new PipelineHost(new() { JobCheckInterval = TimeSpan.FromSeconds(1) });
        var queue = host.Queues.Open(BlobLayout.JobQueue("lost"));
        var reached = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        host.Pool.OnJob = async job =>
        {
            if (job.Payload is not PretrainJob) return;
            reached.TrySetResult();
            await go.Task;
        };
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 1)), "lost", null);
        await reached.Task.WaitAsync(TimeSpan.FromMinutes(30));
        // The worker dies, and the message is gone.
        await queue.DropAsync();
        host.Pool.Dies = _ =>
        {
            host.Pool.Dies = _ => false;
            return true;
        };
        go.SetResult();

        (await host.WaitAsync("lost", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        host.Pool.Ran.Count(id => id == "base/000000/pretrain/0").ShouldBe(2);
    }

    [Fact]
    public async Task PauseResumeCancel_SteerTheRun()
    {
        await using var host = new PipelineHost();
        host.Pool.OnJob = _ => Task.Delay(5);
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 200)), "steered", null);
        await host.WaitAsync("steered", run => run.Stages[1].Done >= 3);

        (await host.Runs.PauseAsync("steered")).Status.ShouldBe(RunStatus.Paused);
        await host.Runs.PauseAsync("steered");
        var ran = host.Pool.Ran.Count;
        await Task.Delay(100);
        host.Pool.Ran.Count.ShouldBe(ran);
        (await host.Runs.GetAsync("steered")).Workers.Workers.ShouldBeEmpty();

        (await host.Runs.ResumeAsync("steered")).Status.ShouldBe(RunStatus.Running);
        await host.WaitAsync("steered", run => run.Stages[1].Done >= 8);
        (await host.Runs.CancelAsync("steered")).Status.ShouldBe(RunStatus.Cancelled);
        await host.Runs.CancelAsync("steered");
        var cancelled = await host.Runs.GetAsync("steered");
        cancelled.Error!.ShouldContain("cancelled");
        cancelled.Stages[1].Status.ShouldBe(StageStatus.Cancelled);
        await Should.ThrowAsync<RunConflictException>(() => host.Runs.PauseAsync("steered"));
        await Should.ThrowAsync<RunConflictException>(() => host.Runs.ResumeAsync("steered"));
    }
}
