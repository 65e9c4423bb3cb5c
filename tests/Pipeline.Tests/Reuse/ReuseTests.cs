using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Stages;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Reuse;

/// <summary>Stages that other runs have finished are taken over, and nothing else is.</summary>
public class ReuseTests
{
    private const string Stages = """
        "collect": { "kind": "collect", "from": "base", "task": "addition", "questions": 7, "samples": 3, "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 } },
        "dev1": { "kind": "sft", "from": "base", "data": ["collect"], "epochs": 3, "batchSize": 4 }
        """;

    [Fact]
    public async Task Create_ChangedLaterStage_RunsThatStageAlone()
    {
        await using var host = new PipelineHost();
        await RunAsync(host, "a", ChainTests.Recipe(Stages));
        host.Pool.Ran.Clear();

        var created =
            await host.Runs.CreateAsync(TestRecipes.Load(ChainTests.Recipe(Stages.Replace("\"epochs\": 3", "\"epochs\": 4"))), "b", null);
        created.Stages.Select(stage => (stage.ReusedFrom?.RunId, stage.Reason))
            .ShouldBe([("a", null), ("a", null), (null, "changed: epochs")]);
        var run = await host.WaitAsync("b", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        host.Pool.Ran.ShouldBe(["dev1/000000/sft/0", "dev1/000008/final-evaluate/0"]);
        run.Stages.Select(stage => (stage.Status, stage.ReusedFrom)).ShouldBe(
        [
            (StageStatus.Completed, new StageOrigin("a", "base", true)), (StageStatus.Completed, new StageOrigin("a", "collect", false)),
                (StageStatus.Completed, null),
        ]);
        run.Stages[0].Checkpoint.ShouldBe("runs/a/checkpoints/base/step-000006/");
        run.Stages[0].Metrics[MetricNames.EvalGreedyAccuracy].ShouldBe(0.3);
        var job = (SftJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("b", "dev1/000000/sft/0"))).Payload;
        (job.From, job.Data["collect"][0]).ShouldBe(("runs/a/checkpoints/base/step-000006/", "runs/a/data/collect/0.a1.jsonl"));

        // Its own time is that of what it did itself.
        var report = await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("b", "report.json"));
        report.Stages[0].ReusedFrom!.RunId.ShouldBe("a");
        report.Stages[0].Time.Wall.ShouldBe(0);
        report.StartedAt.ShouldBeGreaterThanOrEqualTo(run.CreatedAt);
        report.Stages[2].Before!.GreedyAccuracy.ShouldBe(0.3);
        report.Plan!.Stages.Select(stage => stage.Label).ShouldBe(["dev1"]);
        (await host.Blobs.TryReadAsync(BlobLayout.Report("b", "report.md")))!.ToString().ShouldContain("Reused from a: ");
    }

    [Theory]
    [InlineData("r1-zero/000001/rollout/0")]
    [InlineData("r1-zero/000020/update/0")]
    [InlineData("r1-zero/000021/final-evaluate/0")]
    public async Task Create_StageMadePartlyUnderAnotherArithmetic_RunsAnew(string foreign)
    {
        await using var host = new PipelineHost();
        var recipe = TestRecipes.Load(TestRecipes.Json(iterations: 21));
        host.Pool.OnResult = result => result.JobId == foreign ? result with { Numerics = TrainerNumerics.Version + 1 } : result;
        await host.Runs.CreateAsync(recipe, "mixed", null);
        (await host.WaitAsync("mixed", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        var plan = (await host.Runs.PlanReuseAsync(recipe, true)).Stages[1];

        var evaluation = foreign.Contains("evaluate", StringComparison.Ordinal);
        (plan.ReusedFrom is not null).ShouldBe(evaluation);
        plan.Measures.ShouldBe(evaluation, "the model is of one arithmetic, its measurement of another");
    }

    [Theory]
    [InlineData("base", "base/000000/pretrain/0")]
    [InlineData("collect", "collect/000000/sample/0")]
    [InlineData("dev1", "dev1/000000/sft/0")]
    [InlineData("rl", "rl/000001/update/0")]
    public async Task Create_StageWhoseJobWentOnFromAnotherArithmetic_RunsAnew(string stage, string job)
    {
        await using var host = new PipelineHost();
        var chain = ChainTests.Recipe(Stages + """
            , "rl": { "kind": "rl", "from": "base", "task": "addition", "iterations": 2, "questions": 4, "groupSize": 2, "miniBatches": 1, "rewards": { "accuracy/exact": 1 } }
            """);
        var changed = new List<string>();
        host.Pool.OnResult = result =>
        {
            if (result.JobId != job) return result;
            changed.Add(job);
            return result with { OtherNumerics = [TrainerNumerics.Version - 1] };
        };
        await RunAsync(host, "mixed", chain);

        var plan = (await host.Runs.PlanReuseAsync(TestRecipes.Load(chain), true)).Stages;

        changed.ShouldBe([job]);
        plan.Single(planned => planned.Name == stage).ReusedFrom.ShouldBeNull("its worker began where one of another arithmetic was");
        if (stage != "base") plan.Single(planned => planned.Name == "base").ReusedFrom.ShouldNotBeNull();
    }

    [Fact]
    public async Task Create_EarlierStageChanged_LaterOnesDependOnIt()
    {
        await using var host = new PipelineHost();
        await RunAsync(host, "a", ChainTests.Recipe(Stages));
        var plan = await host.Runs.PlanReuseAsync(TestRecipes.Load(ChainTests.Recipe(Stages).Replace("\"steps\": 6", "\"steps\": 7")),
            true);
        plan.Stages.Select(stage => stage.Reason).ShouldBe(["changed: steps", "depends on base", "depends on base"]);
    }

    [Fact]
    public async Task Create_SameStages_RunsNothingAndNeedsNoWorker()
    {
        await using var host = new PipelineHost();
        await RunAsync(host, "a", TestRecipes.Json());
        var started = host.Pool.Started;
        host.Pool.Ran.Clear();

        var run = await RunAsync(host, "b", TestRecipes.Json("another-name"));

        host.Pool.Ran.ShouldBeEmpty();
        host.Pool.Started.ShouldBe(started);
        run.Stages[1].Checkpoint.ShouldBe("runs/a/checkpoints/r1-zero/step-000005/");
        var rows = (await host.Services.GetMetricsAsync("b")).Rows;
        rows.Select(row => (row.Stage, row.Step)).ShouldBe([.. Steps("base", 6), .. Steps("r1-zero", 5)]);
        rows[^1].Values[MetricNames.EvalGreedyAccuracy].ShouldBe(0.98);

        IEnumerable<(string, int)> Steps(string stage, int count) => Enumerable.Range(1, count).Select(step => (stage, step));
    }

    [Fact]
    public async Task Create_WithoutReuse_RunsEverything()
    {
        await using var host = new PipelineHost();
        await RunAsync(host, "a", TestRecipes.Json());
        var ran = host.Pool.Ran.Count;
        host.Pool.Ran.Clear();

        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "b", null, reuse: false);
        var run = await host.WaitAsync("b", RunStatus.Completed);

        host.Pool.Ran.Count.ShouldBe(ran);
        run.Stages.Select(stage => (stage.ReusedFrom, stage.Reason)).ShouldBe([(null, "asked to run again"), (null, "asked to run again")]);
    }

    [Fact]
    public async Task Create_ChangedEvaluation_MeasuresAnewAndTrainsNothing()
    {
        await using var host = new PipelineHost();
        await RunAsync(host, "a", TestRecipes.Json(rl: "\"evaluateEvery\": 2,"));
        host.Pool.Ran.Clear();
        var other = TestRecipes.Json(rl: "\"evaluateEvery\": 2,",
            evaluation: "\"evaluation\": { \"task\": \"addition\", \"problems\": 9, \"samples\": 2 },");

        var run = await RunAsync(host, "b", other);

        host.Pool.Ran.ShouldBe(["base/000006/final-evaluate/0", "r1-zero/000005/final-evaluate/0"]);
        run.Stages.ShouldAllBe(stage =>
            stage.ReusedFrom!.RunId == "a" && !stage.ReusedFrom.Measured && stage.Metrics[MetricNames.EvalProblems] == 9);
        var measured = (await host.Services.GetMetricsAsync("b")).Rows.Where(row => row.Values.ContainsKey(MetricNames.EvalProblems))
            .ToList();
        measured.Select(row => (row.Stage, row.Step, row.Values[MetricNames.EvalProblems]))
            .ShouldBe([("base", 6, 9), ("r1-zero", 5, 9)], "the other measurement's points do not compare");

        // A third run finds the model of the first and the measurement of the second.
        host.Pool.Ran.Clear();
        var third = await RunAsync(host, "c", other.Replace("\"small\"", "\"third\""));
        host.Pool.Ran.ShouldBeEmpty();
        third.Stages[1].ReusedFrom.ShouldBe(new StageOrigin("a", "r1-zero", Measured: false));
        third.Stages[1].Metrics[MetricNames.EvalProblems].ShouldBe(9);
        (await host.Services.GetMetricsAsync("c")).Rows[^1].Values[MetricNames.EvalProblems].ShouldBe(9);
    }

    [Theory]
    [InlineData("runs/a/checkpoints/base/step-000006/manifest.json", null)]
    [InlineData("runs/a/checkpoints/base/step-000006/a1/model.safetensors", null)]
    [InlineData("runs/a/checkpoints/base/step-000006/a1/model.safetensors", "shorter")]
    [InlineData("runs/a/checkpoints/base/step-000006/a1/model.safetensors", "WEIGHTS 6")]
    [InlineData("runs/a/data/collect/0.a1.jsonl", null)]
    [InlineData("runs/a/data/collect/0.a1.jsonl", "{}\n")]
    public async Task Create_DamagedOutput_RunsTheStageAndWhatDependsOnIt(string path, string? content)
    {
        await using var host = new PipelineHost();
        await RunAsync(host, "a", ChainTests.Recipe(Stages));
        if (content is null) (await host.Blobs.DeleteAsync(path)).ShouldBeTrue();
        else await host.Blobs.WriteAsync(path, new BinaryData(content));
        host.Pool.Ran.Clear();

        var run = await RunAsync(host, "b", ChainTests.Recipe(Stages).Replace("\"chain\"", "\"other\""));

        var (damaged, spared) = path.Contains("/data/") ? ("collect", 1) : ("base", 0);
        run.Stages[spared].Reason.ShouldBe("what run a made is missing or damaged");
        run.Stages[^1].Reason.ShouldBe($"depends on {damaged}");
        run.Stages.Count(stage => stage.ReusedFrom is not null).ShouldBe(spared);
        host.Pool.Ran.ShouldContain("dev1/000000/sft/0");

        // What was made again takes the damaged one's place.
        host.Pool.Ran.Clear();
        (await RunAsync(host, "c", ChainTests.Recipe(Stages).Replace("\"chain\"", "\"third\""))).Stages[^1].ReusedFrom!.RunId.ShouldBe("b");
        host.Pool.Ran.ShouldBeEmpty();
    }

    [Fact]
    public async Task Retry_OfAReusedStage_RunsItAndItsDependentsAndReplacesTheEntry()
    {
        await using var host = new PipelineHost();
        var recipe = ChainTests.Recipe(Stages + """
            , "side": { "kind": "sft", "from": "base", "data": ["collect"], "epochs": 1 }, "last": { "kind": "sft", "from": "dev1", "data": ["collect"], "epochs": 1 }
            """);
        await RunAsync(host, "a", recipe);
        await RunAsync(host, "b", recipe.Replace("\"chain\"", "\"again\""));
        host.Pool.Ran.Clear();

        await host.Runs.RetryAsync("b", "dev1");
        var run = await host.WaitAsync("b", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        run.Stages.Select(stage => stage.Label).ShouldBe(["base", "collect", "dev1~1", "side", "last~1"]);
        host.Pool.Ran.Select(id => id.Split('/')[0]).Distinct().ShouldBe(["dev1~1", "last~1"]);
        run.Stages.Select(stage => stage.ReusedFrom?.RunId).ShouldBe(["a", "a", null, "a", null]);

        var next = await RunAsync(host, "c", recipe.Replace("\"chain\"", "\"more\""));
        next.Stages.Select(stage => (stage.ReusedFrom!.RunId, stage.ReusedFrom.Label))
            .ShouldBe([("a", "base"), ("a", "collect"), ("b", "dev1~1"), ("a", "side"), ("b", "last~1")]);
    }

    [Fact]
    public async Task Create_InputMadeAnewWithOtherContent_DoesNotTakeWhatWasMadeFromTheOldOne()
    {
        await using var host = new PipelineHost();
        await RunAsync(host, "a", ChainTests.Recipe(Stages));
        // As a retry on another kind of machine would leave it: the same key, other bits.
        var keys = StageKeys.Of(TestRecipes.Load(ChainTests.Recipe(Stages)).Recipe, new Dictionary<string, string?>());
        var path = BlobLayout.StageEntry(keys["collect"].Result!);
        var entry = await host.Blobs.ReadJsonAsync<Pipeline.Reuse.StageEntry>(path);
        await host.Blobs.WriteAsync("runs/x/data/collect/0.jsonl", new BinaryData("{}\n"));
        var result = entry.Result with { Data = ["runs/x/data/collect/0.jsonl"] };
        var content = await new Pipeline.Reuse.StageOutputs(host.Blobs).ContentAsync(result, verify: true, default);
        await host.Blobs.WriteJsonAsync(path, entry with { RunId = "x", Result = result, Content = content! });

        var plan = await host.Runs.PlanReuseAsync(TestRecipes.Load(ChainTests.Recipe(Stages)), true);

        plan.Stages.Select(stage => (stage.ReusedFrom?.RunId, stage.Reason))
            .ShouldBe([("a", null), ("x", null), (null, "collect was made again since")]);
    }

    [Fact]
    public async Task Retry_OfAFailedRun_LooksAgainAtWhatItTookOver()
    {
        await using var host = new PipelineHost();
        await RunAsync(host, "a", ChainTests.Recipe(Stages));
        host.Pool.OnJob = job => job.RunId == "b" ? throw new BadInputException("no") : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(ChainTests.Recipe(Stages.Replace("\"epochs\": 3", "\"epochs\": 4"))), "b", null);
        await host.WaitAsync("b", RunStatus.Failed);
        host.Pool.OnJob = _ => Task.CompletedTask;
        await host.Blobs.DeleteAsync("runs/a/checkpoints/base/step-000006/manifest.json");
        host.Pool.Ran.Clear();

        await host.Runs.RetryAsync("b");
        var run = await host.WaitAsync("b",
            run => run.Status == RunStatus.Completed || (run.Status == RunStatus.Failed && !host.Pool.Ran.IsEmpty));

        run.Error.ShouldBeNull();
        host.Pool.Ran.ShouldContain("base~1/000000/pretrain/0");
        run.Stages.Select(stage => stage.Label).ShouldBe(["base~1", "collect~1", "dev1~1"]);
    }

    [Fact]
    public async Task Create_DataFileChangedOrGone_IsNotReused()
    {
        await using var host = new PipelineHost();
        var file = Path.GetTempFileName() + ".jsonl";
        try
        {
            await File.WriteAllLinesAsync(file,
                Enumerable.Range(0, 40).Select(i => $$"""{"prompt":"{{i}} plus {{i}} is","answer":"{{2 * i}}"}"""));
            var recipe = ChainTests.Recipe("""
                "collect": { "kind": "collect", "from": "base", "task": "words", "questions": 7, "samples": 3, "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 } }
                """).Replace("\"addition\": {", $$"""
                "words": { "kind": "dataset", "files": ["{{file}}"] }, "addition": {
                """);
            await RunAsync(host, "a", recipe);
            (await Reasons()).ShouldBe([null, null]);

            await File.AppendAllTextAsync(file, "\n");
            (await Reasons()).ShouldBe([null, "changed: task.files"]);
            File.Delete(file);
            (await Reasons())[1].ShouldBe($"data file '{file}' cannot be read here");

            async Task<string?[]> Reasons() =>
                [.. (await host.Runs.PlanReuseAsync(TestRecipes.Load(recipe), true)).Stages.Select(stage => stage.Reason)];
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Create_TwoRunsAtOnce_BothComplete()
    {
        await using var host = new PipelineHost();
        await Task.WhenAll(RunAsync(host, "a", TestRecipes.Json("one")), RunAsync(host, "b", TestRecipes.Json("two")));
        host.Pool.Ran.Clear();
        (await RunAsync(host, "c", TestRecipes.Json("three"))).Stages.ShouldAllBe(stage => stage.ReusedFrom != null);
        host.Pool.Ran.ShouldBeEmpty();
    }

    private static async Task<RunView> RunAsync(PipelineHost host, string id, string recipe)
    {
        await host.Runs.CreateAsync(TestRecipes.Load(recipe), id, null);
        var run = await host.WaitAsync(id, run => run.Status is RunStatus.Completed or RunStatus.Failed);
        run.Error.ShouldBeNull();
        return run;
    }
}

internal static class Reading
{
    internal static Task<RunMetrics> GetMetricsAsync(this IServiceProvider services, string runId) =>
        ((RunData)services.GetService(typeof(RunData))!).MetricsAsync(runId, null, null, default);
}
