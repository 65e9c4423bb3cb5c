using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Several students of one stage, side by side.</summary>
public class DistillTests
{
    private const string Distill = """
        "collect": {
          "kind": "collect", "from": "base", "task": "addition", "questions": 7, "samples": 3,
          "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }
        },
        "distill": {
          "kind": "distill", "data": ["collect"], "epochs": 3, "batchSize": 4,
          "students": { "half": { "from": "base", "learningRate": 1e-3 }, "tiny": { "from": "base", "epochs": 2 } }
        }
        """;

    [Fact]
    public async Task Run_Distill_TrainsAndMeasuresEachStudentAsAModelOfItsOwn()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(ChainTests.Recipe($$"""
            {{Distill}},
            "half-rl": {
              "kind": "rl", "from": "distill/half", "task": "addition", "iterations": 1, "questions": 4, "groupSize": 2, "miniBatches": 1, "rewards": { "accuracy/exact": 1 }
            }
            """)), "run", null);

        var run = await host.WaitAsync("run", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        run.Stages.Skip(2).Select(stage => (stage.Name, stage.Kind, stage.From, stage.Done, stage.Checkpoint)).ShouldBe(
        [
            ("distill/half", "sft", "base", 6, "runs/run/checkpoints/distill/half/step-000006/"),
            ("distill/tiny", "sft", "base", 4, "runs/run/checkpoints/distill/tiny/step-000004/"),
            ("half-rl", "rl", "distill/half", 1, "runs/run/checkpoints/half-rl/step-000001/"),
        ]);
        host.Pool.Ran.Count(id => id.StartsWith("distill/", StringComparison.Ordinal)).ShouldBe(4, "a training and an evaluation each");
        var job = (SftJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("run", "distill/half/000000/sft/0"))).Payload;
        (job.Stage, job.From, job.Settings.Optimizer.LearningRate)
            .ShouldBe(("distill/half", "runs/run/checkpoints/base/step-000006/", 1e-3));
        job.Data["collect"].ShouldHaveSingleItem();
        ((RolloutJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("run", "half-rl/000000/rollout/0"))).Payload).Policy
            .ShouldBe("runs/run/checkpoints/distill/half/step-000006/");
        var report = await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("run", "report.json"));
        report.Stages.Where(stage => stage.After is not null).Select(stage => stage.Name)
            .ShouldBe(["base", "distill/half", "distill/tiny", "half-rl"]);
        (await host.Blobs.TryReadAsync(BlobLayout.Metrics("run", "distill/tiny")))!.ToString().ShouldContain(MetricNames.EvalPassAt1);
    }

    [Fact]
    public async Task Run_OnPolicy_TrainsEachStudentByIterationsWithTheTeacher()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(ChainTests.Recipe("""
            "greater": {
              "kind": "rl", "from": "base", "task": "addition", "iterations": 1, "questions": 4, "groupSize": 2, "miniBatches": 1, "rewards": { "accuracy/exact": 1 }
            },
            "distill": {
              "kind": "distill", "mode": "on-policy",
              "onPolicy": { "teacher": { "from": "greater" }, "task": "addition", "iterations": 2, "questions": 4, "updateShards": 2, "staleness": 1 },
              "students": { "half": { "from": "base", "learningRate": 1e-3 }, "tiny": { "from": "base" } }
            }
            """)), "run", null);

        var run = await host.WaitAsync("run", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        run.Stages.Skip(2).Select(stage => (stage.Name, stage.Kind, stage.From, stage.Done, stage.Checkpoint)).ShouldBe(
        [
            ("distill/half", "rl", "base", 2, "runs/run/checkpoints/distill/half/step-000002/"),
            ("distill/tiny", "rl", "base", 2, "runs/run/checkpoints/distill/tiny/step-000002/"),
        ]);
        const string teacher = "runs/run/checkpoints/greater/step-000001/";
        (await PayloadAsync<UpdateJob>(host, "distill/half/000001/update/0")).Teacher.ShouldBe(teacher);
        (await PayloadAsync<GradientJob>(host, "distill/tiny/000000/gradient-0/1")).Teacher.ShouldBe(teacher);
        (await PayloadAsync<UpdateJob>(host, "greater/000000/update/0")).Teacher.ShouldBeNull();
        (await PayloadAsync<UpdateJob>(host, "distill/half/000000/update/0")).Settings.Optimizer.LearningRate.ShouldBe(1e-3);
    }

    private static async Task<T> PayloadAsync<T>(PipelineHost host, string job)
        where T : JobPayload => (T)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("run", job))).Payload;

    [Fact]
    public async Task Run_Distill_StudentsRunSideBySide()
    {
        await using var host = new PipelineHost();
        var gate = new TaskCompletionSource();
        host.Pool.OnJob = job => job.Payload is SftJob ? gate.Task : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(ChainTests.Recipe(Distill)), "both", null);

        var run = await host.WaitAsync("both", run => run.Stages[2].Phase == "sft" && run.Stages[3].Phase == "sft");
        run.Stages.Select(stage => stage.Status)
            .ShouldBe([StageStatus.Completed, StageStatus.Completed, StageStatus.Running, StageStatus.Running]);
        gate.SetResult();
        (await host.WaitAsync("both", RunStatus.Completed)).Time.Wall.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Run_OneStudentFails_TheOthersWorkIsKeptAndARetryTrainsOnlyIt()
    {
        await using var host = new PipelineHost();
        var broken = true;
        host.Pool.OnJob = job =>
            broken && job.JobId == "distill/half/000000/sft/0" ? throw new BadInputException("a row is too long") : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(ChainTests.Recipe(Distill)), "sad", null);

        var failed = await host.WaitAsync("sad", RunStatus.Failed);
        failed.Stages.Skip(2).Select(stage => stage.Status).ShouldBe([StageStatus.Failed, StageStatus.Completed]);
        failed.Stages[2].Error!.ShouldContain("a row is too long");

        broken = false;
        host.Pool.Ran.Clear();
        await host.Runs.RetryAsync("sad");
        (await host.WaitAsync("sad", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        host.Pool.Ran.ShouldBe(["distill/half/000000/sft/0", "distill/half/000006/final-evaluate/0"]);
    }

    [Fact]
    public async Task Retry_FromTheDistillStage_TrainsAllStudentsAnew()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(ChainTests.Recipe(Distill)), "anew", null);
        await host.WaitAsync("anew", RunStatus.Completed);

        host.Pool.Ran.Clear();
        await host.Runs.RetryAsync("anew", "distill");
        (await host.WaitAsync("anew", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        host.Pool.Ran.ShouldBe(
            ["distill/half~1/000000/sft/0", "distill/half~1/000006/final-evaluate/0", "distill/tiny~1/000000/sft/0",
                "distill/tiny~1/000004/final-evaluate/0"], ignoreOrder: true);
    }

    [Fact]
    public void Time_OfStagesSideBySide_IsThatOfTheSlowest()
    {
        StageResult Result(double wall, double update) => new()
        {
            Label = "x", Steps = 1, Time = new() { Wall = wall, Update = update }, StartedAt = default, EndedAt = default,
            Evaluation = new(new Dictionary<string, double>(), new() { Wall = 1 }, []),
        };
        var results = new Dictionary<string, StageResult> { ["base"] = Result(1, 1), ["d/a"] = Result(5, 4), ["d/b"] = Result(3, 2) };

        SideBySide.Time(results, results.Keys).ShouldBe(new() { Wall = 8, Update = 5 });
        SideBySide.Groups(["base", "d/a", "d/b", "e"]).ShouldBe([["base"], ["d/a", "d/b"], ["e"]]);
    }
}
