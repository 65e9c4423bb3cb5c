using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.SupervisedTuning;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Supervised;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tests.Jobs;

public sealed class SftJobTests : IDisposable
{
    private readonly JobRunner jobs = new();

    private static SftStage Stage { get; } = new()
    {
        Data = ["cold"], Epochs = 3, BatchSize = 16, SaveEvery = 5,
            Optimizer = new() { LearningRate = 2e-3, WarmupSteps = 2, Schedule = LearningRateSchedule.Cosine },
    };

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Sft_Rows_LowersTheLossAndLogsEveryStep()
    {
        await jobs.PretrainAsync();
        await WriteAsync("cold.jsonl", 50);
        var outcome = await SftAsync();

        outcome.Outputs["checkpoint"].ShouldBe("sft/step-000012/");
        (outcome.Metrics[MetricNames.Steps], outcome.Metrics[MetricNames.Rows]).ShouldBe((12, 50));
        var log = (await jobs.Blobs.TryReadAsync(outcome.Outputs["steps"]))!.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<TrainingStep>(line, R1Json.Options)!).ToList();
        log.Select(step => step.Step).ShouldBe(Enumerable.Range(1, 12));
        log[^1].Values[MetricNames.Loss].ShouldBeLessThan(0.7 * log[0].Values[MetricNames.Loss]);
        log[1].Values[MetricNames.LearningRate].ShouldBe(2e-3, 1e-9);
        log[^1].Values[MetricNames.LearningRate].ShouldBe(2e-4, 1e-9);
    }

    [Fact]
    public async Task Sft_PreemptedAndContinuedElsewhere_EndsWithTheSameBits()
    {
        await jobs.PretrainAsync();
        await WriteAsync("cold.jsonl", 50);
        await SftAsync(to: "undisturbed/", jobId: "a");
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAsync<PreemptedException>(() =>
            SftAsync(to: "disturbed/", jobId: "b", preemption: stop.Token, onStep: step => { if (step == 7) stop.Cancel(); }));
        jobs.Restart();
        var steps = new List<int>();
        await SftAsync(to: "disturbed/", jobId: "b", onStep: steps.Add);
        steps.ShouldBe([8, 9, 10, 11, 12]);
        (await jobs.HashAsync("disturbed/step-000012/")).ShouldBe(await jobs.HashAsync("undisturbed/step-000012/"));
        (await jobs.WeightsAsync("disturbed/step-000012/")).ShouldNotBe(await jobs.WeightsAsync("base/"));
    }

    [Fact]
    public async Task Sft_MicroBatches_GiveTheSameAsOneBatchWithinRounding()
    {
        await jobs.PretrainAsync();
        await WriteAsync("cold.jsonl", 50);
        var whole = await SftAsync(Stage with { Epochs = 1 }, to: "whole/", jobId: "a");
        var parts = await SftAsync(Stage with { Epochs = 1, MicroBatchSize = 5 }, to: "parts/", jobId: "b");
        foreach (var name in new[] { MetricNames.Loss, MetricNames.GradNorm })
            parts.Metrics[name].ShouldBe(whole.Metrics[name], 1e-3, name);
    }

    [Fact]
    public async Task Sft_BadData_NamesIt()
    {
        await jobs.PretrainAsync();
        (await Should.ThrowAsync<BadInputException>(() => SftAsync())).Message.ShouldContain("'cold.jsonl'");
        await jobs.Blobs.WriteAsync("cold.jsonl", new BinaryData("{\"prompt\": 3}\n"));
        (await Should.ThrowAsync<BadInputException>(() => SftAsync())).Message.ShouldContain("cold.jsonl(1)");
        await jobs.Blobs.WriteAsync("cold.jsonl", new BinaryData(""));
        (await Should.ThrowAsync<BadInputException>(() => SftAsync())).Message.ShouldContain("no rows");
        await jobs.Blobs.WriteAsync("cold.jsonl", CompletionRow.ToJsonLines([Row(1) with { Completion = new string('1', 200) }]));
        (await Should.ThrowAsync<BadInputException>(() => SftAsync())).Message.ShouldContain("at most");
    }

    [Fact]
    public void Batch_OverEpochs_HasEveryRowOnceInAnotherOrder()
    {
        var epochs = Enumerable.Range(0, 2)
            .Select(epoch => Enumerable.Range(epoch * 4, 4).SelectMany(step => DataMix.Batch(50, 16, step, seed: 3, "dev1")).ToList())
            .ToList();
        epochs.ShouldAllBe(rows => rows.Order().SequenceEqual(Enumerable.Range(0, 50)));
        epochs[1].ShouldNotBe(epochs[0]);
        DataMix.Batch(50, 16, 3, 3, "dev1").Count.ShouldBe(2);
        DataMix.Batch(50, 16, 0, 3, "dev3").ShouldNotBe(epochs[0].Take(16), "another stage has another order");
    }

    [Fact]
    public void Mix_Proportions_TakesTheMostThatTheyAllow()
    {
        var sources = new Dictionary<string, IReadOnlyList<CompletionRow>> { ["cold"] = [.. Enumerable.Range(0, 60).Select(Row)],
            ["more"] = [.. Enumerable.Range(100, 10).Select(Row)] };
        var stage = Stage with { Data = ["cold", "more"] };
        DataMix.Mix(stage, sources, 3, "dev1").Count.ShouldBe(70);
        var mixed = DataMix.Mix(stage with { Proportions = new Dictionary<string, double> { ["cold"] = 3, ["more"] = 1 } }, sources, 3,
            "dev1");
        (mixed.Count(row => row.Prompt.Length == 7), mixed.Count).ShouldBe((10, 40)); // 100+01= is of the second source
        mixed.Select(row => row.Prompt).Distinct().Count().ShouldBe(40);
        mixed.ShouldBe(
            DataMix.Mix(stage with { Proportions = new Dictionary<string, double> { ["cold"] = 0.75, ["more"] = 0.25 } }, sources, 3,
                "dev1"), "only their ratio counts");
    }

    [Fact]
    public async Task Sft_StageAndDataSet_LearnsFromBothInProportion()
    {
        await jobs.PretrainAsync();
        await WriteAsync("cold.jsonl", 60);
        var file = Path.GetTempFileName() + ".jsonl";
        await File.WriteAllLinesAsync(file, Enumerable.Range(10, 20).Select(i => i % 2 == 0
            ? $$"""{"prompt":"{{i}}+02=","response":"<answer>{{i + 2}}</answer>"}"""
            : $$"""{"messages":[{"role":"user","content":"{{i}}+02="},{"role":"assistant","content":"<answer>{{i + 2}}</answer>"}]}"""));
        try
        {
            var general = new DatasetTask { Files = [file], Layout = DatasetLayout.Completions, HeldOutPercent = 0 };
            var stage = Stage with { Data = ["cold", "general"],
                Proportions = new Dictionary<string, double> { ["cold"] = 600, ["general"] = 200 } };
            var outcome = await SftAsync(stage, tasks: new Dictionary<string, TaskRecipe> { ["general"] = general });
            outcome.Metrics[MetricNames.Rows].ShouldBe(80);

            // What is held out is not learned from; a task without completions is refused.
            outcome = await SftAsync(stage with { Proportions = new Dictionary<string, double>() }, "more/", "more",
                tasks: new Dictionary<string, TaskRecipe> { ["general"] = general with { HeldOutPercent = 40 } });
            outcome.Metrics[MetricNames.Rows].ShouldBeInRange(61, 79);
            var plain = general with { Layout = DatasetLayout.Countdown };
            await Should.ThrowAsync<BadInputException>(() =>
                SftAsync(stage, "bad/", "bad", tasks: new Dictionary<string, TaskRecipe> { ["general"] = plain }));
            (await Should.ThrowAsync<BadInputException>(() =>
                SftAsync(stage, "bad/", "bad", tasks: new Dictionary<string, TaskRecipe> { ["general"] = JobRunner.Task })))
                .Message.ShouldContain("'general'");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static CompletionRow Row(int number) => new()
    {
        Prompt = $"{number:D2}+01=", Completion = $"<think>{number % 10}+1+0={number % 10 + 1:D2}</think><answer>{number + 1}</answer>",
            Answer = $"{number + 1}", Verdicts = new Dictionary<string, double>(),
    };

    private Task WriteAsync(string path, int rows) =>
        jobs.Blobs.WriteAsync(path, CompletionRow.ToJsonLines(Enumerable.Range(0, rows).Select(Row)));

    private Task<JobOutcome> SftAsync(SftStage? stage = null, string to = "sft/", string jobId = "sft",
        CancellationToken preemption = default, Action<int>? onStep = null, IReadOnlyDictionary<string, TaskRecipe>? tasks = null) =>
        jobs.RunAsync(models => new SftHandler(models), new SftJob
        {
            Seed = 3, Stage = "dev1", Settings = stage ?? Stage, From = "base/",
                Data = new Dictionary<string, IReadOnlyList<string>> { ["cold"] = ["cold.jsonl"] },
                Tasks = tasks ?? new Dictionary<string, TaskRecipe>(), Checkpoints = to,
        }, preemption, jobId, onStep);
}
