namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>All kinds of stages in one run, and runs of changed recipes after it.</summary>
public sealed class WholeChainTests(WholeChainFixture fixture) : IClassFixture<WholeChainFixture>
{
    private static readonly string[] Early = ["own", "base", "collect", "dev1", "helpful"];

    private static readonly string[] Late = ["rl", "reject", "final", "check", "distill/slow", "distill/own"];

    // The look at the recipe's files that comes before all other jobs: no stage's own.
    private const string InputCheck = "check/000000/check/0";

    [Fact]
    public async Task Run_EveryKindOfStage_DoesItsWork()
    {
        var report = await fixture.ReportAsync("a");
        var stages = report.Stages.ToDictionary(stage => stage.Name);
        stages.Keys.ShouldBe([.. Early, .. Late]);
        stages["collect"].Metrics["samples/rewritten"].ShouldBeGreaterThan(0);
        stages["reject"].Metrics["samples/kept"].ShouldBeGreaterThan(0);
        stages["helpful"].Metrics["held_out/accuracy"].ShouldBeGreaterThan(0.8);
        (stages["rl"].Metrics["rewards/helpful/model/scored"] > 0, stages["rl"].Metrics["rewards/helpful/model/error"]).ShouldBe((true, 0));
        foreach (var measured in (string[])["own", "base", "dev1", "rl", "final", "distill/own"])
            stages[measured].Benchmarks.Select(benchmark => (benchmark.Name, benchmark.After!.Problems))
                .ShouldBe([("addition", 16), ("few", 5)], measured);
        foreach (var learned in (string[])["dev1", "final", "distill/slow"])
            stages[learned]
                .After!.Format!.Value.ShouldBeGreaterThan(stages["base"].After!.Format!.Value, $"{learned} learned the form that was kept");
        (await fixture.WeightsAsync(fixture.First)).Values.Distinct().Count().ShouldBe(8, "models, the reward model among them");
    }

    [Fact]
    public async Task Run_ChangedLaterStage_TakesOverTheEarlierOnesAndEndsAsAFreshRunThroughKilledWorkerAndHost()
    {
        var changed = WholeChain.Load(fixture.Recipe, ("\"iterations\": 2", "\"iterations\": 3"));
        (await fixture.PlanAsync(changed)).Select(stage => (stage.Name, stage.Reason)).ShouldBe(
        [
            .. Early.Select(stage => (stage, (string?)null)),
            ("rl", "changed: iterations"), ("reject", "depends on rl"), ("final", "depends on reject"), ("check", "depends on final"),
                ("distill/slow", "depends on reject"), ("distill/own", "depends on reject"),
        ]);
        var second = await fixture.RunAsync("b", changed);
        second.Stages.Select(stage => stage.ReusedFrom is not null).ShouldBe([.. Early.Select(_ => true), .. Late.Select(_ => false)]);
        (await StagesOfJobsAsync("b")).ShouldBe(Late, ignoreOrder: true);

        var rough = new MiniRun(fixture.Folder, "rough", "--workers", "2") { Json = changed.ResolvedJson };
        rough.Start("--fresh");
        await rough.ReachAsync("helpful/000000/reward-model/0: attempt");
        await rough.KillWorkerAsync();
        await rough.ReachAsync("distill/own/000000/sft/0: attempt");
        rough.KillHost();
        await Task.Delay(500, TestContext.Current.CancellationToken);
        rough.Start("--run", rough.RunId);
        (await rough.EndAsync()).ShouldBe(0, rough.Output);

        var weights = await fixture.WeightsAsync(second);
        string[] ends = ["final", "helpful", "distill/slow", "distill/own"];
        ends.Select(end => rough.Weights(end == "final" ? "model" : $"models/{end}")).ShouldBe(ends.Select(end => weights[end]));
        rough.WorkerLogs().Split("final/000000/sft/0: Succeeded")
            .Length.ShouldBe(2, "what was finished before the kill was not done again");
        (await fixture.WeightsAsync(fixture.First))["final"].ShouldNotBe(weights["final"]);
    }

    [Fact]
    public async Task Run_ChangedEvaluation_MeasuresAndTrainsNothing()
    {
        var changed = WholeChain.Load(fixture.Recipe, ("\"addition\": { \"problems\": 16 }", "\"addition\": { \"problems\": 7 }"));
        var run = await fixture.RunAsync("c", changed);
        run.Stages.ShouldAllBe(stage => stage.ReusedFrom != null);
        (await fixture.JobsAsync("c")).Count(job => job == InputCheck).ShouldBe(1);
        var jobs = (await fixture.JobsAsync("c")).Where(job => job != InputCheck).ToList();
        jobs.ShouldAllBe(job => job.Contains("/final-evaluate/"));
        jobs.Count.ShouldBe(2 * 7, "two benchmarks of each policy");
        (await fixture.WeightsAsync(run)).ShouldBe(await fixture.WeightsAsync(fixture.First));
        run.Stages.Single(stage => stage.Name == "final").Metrics["eval/problems"].ShouldBe(7);
    }

    [Fact]
    public async Task Retry_OfAStageWhoseModelIsDamaged_MakesItAndWhatDependsOnItAnew()
    {
        var recipe = WholeChain.Load(fixture.Recipe);
        var run = await fixture.RunAsync("d", recipe);
        run.Stages.ShouldAllBe(stage => stage.ReusedFrom != null);
        var weights = await fixture.WeightsAsync(run);
        var damaged = (await fixture.Blobs.ListAsync(run.Stages.Single(stage => stage.Name == "helpful").Checkpoint!).ToListAsync())
            .Single(blob => blob.Path.EndsWith("/model.safetensors", StringComparison.Ordinal));
        var bytes = (await fixture.Blobs.TryReadAsync(damaged.Path))!.ToArray();
        bytes[^100] ^= 1;
        await fixture.Blobs.WriteAsync(damaged.Path, new BinaryData(bytes));

        var plan = (await fixture.PlanAsync(recipe)).ToDictionary(stage => stage.Name);
        plan["helpful"]
            .Reason.ShouldBe(
                $"what run {run.Stages.Single(stage => stage.Name == "helpful").ReusedFrom!.RunId} made is missing or damaged");
        plan["rl"].Reason.ShouldBe("depends on helpful");
        Early.Where(stage => stage != "helpful").ShouldAllBe(stage => plan[stage].ReusedFrom != null);

        var again = await fixture.RetryAsync("d", "helpful");
        again.Stages.Select(stage => stage.Label)
            .ShouldBe(["own", "base", "collect", "dev1", "helpful~1", .. Late.Select(stage => stage + "~1")]);
        (await StagesOfJobsAsync("d")).ShouldBe(["helpful~1", .. Late.Select(stage => stage + "~1")], ignoreOrder: true);
        (await fixture.WeightsAsync(again)).ShouldBe(weights);
        (await fixture.PlanAsync(recipe)).ShouldAllBe(stage => stage.ReusedFrom != null, "what was made again is whole");
    }

    [Fact]
    public async Task Plan_OtherFilesOfTheSameContentOrOfOther_IsByTheirContent()
    {
        TinyModel.Write(fixture.Folder["models/other"]);
        var pairs = fixture.Folder.Write("other.jsonl", File.ReadAllText(fixture.Folder["pairs.jsonl"]));
        var recipe = WholeChain.Load(fixture.Recipe, ("models/tiny", "models/other"), ("pairs.jsonl", "other.jsonl"));
        (await fixture.PlanAsync(recipe)).ShouldAllBe(stage => stage.ReusedFrom != null);

        File.AppendAllText(fixture.Folder["models/other/generation_config.json"], "\n");
        (await fixture.PlanAsync(recipe)).Where(stage => stage.Reason is not null).Select(stage => (stage.Name, stage.Reason)).Take(2)
            .ShouldBe([("own", "changed: path"), ("helpful", "depends on own")]);
        File.AppendAllText(pairs, "\n");
        TinyModel.Write(fixture.Folder["models/other"]);
        (await fixture.PlanAsync(recipe)).First(stage => stage.Reason is not null)
            .ShouldSatisfyAllConditions(stage => stage.Name.ShouldBe("helpful"), stage => stage.Reason.ShouldBe("changed: task.files"));
    }

    private async Task<IEnumerable<string>> StagesOfJobsAsync(string run) =>
        (await fixture.JobsAsync(run)).Where(job => job != InputCheck).Select(job => string.Join('/', job.Split('/').SkipLast(3)))
            .Distinct();
}
