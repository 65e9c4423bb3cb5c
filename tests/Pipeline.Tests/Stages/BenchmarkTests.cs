using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Evaluations of several benchmarks.</summary>
public class BenchmarkTests
{
    private const string Evaluation = """
        "evaluation": {
          "problems": 8, "samples": 2, "curve": "few",
          "benchmarks": { "many": { "task": "addition" }, "few": { "task": "addition", "problems": 3, "rewards": { "accuracy/math": 1 } } }
        },
        """;

    [Fact]
    public async Task Run_SeveralBenchmarks_AreJobsOfTheirOwnAndTheFirstIsTheRunsOwn()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 4, rl: "\"evaluateEvery\": 2,", evaluation: Evaluation)),
            "two", null);
        var run = await host.WaitAsync("two", run => run.Status is RunStatus.Completed or RunStatus.Failed);
        run.Error.ShouldBeNull();

        host.Pool.Ran.Where(job => job.Contains("evaluate", StringComparison.Ordinal)).ShouldBe(
            ["base/000006/final-evaluate/0", "base/000006/final-evaluate/1", "r1-zero/000002/evaluate/0", "r1-zero/000004/final-evaluate/0",
                "r1-zero/000004/final-evaluate/1"], ignoreOrder: true);
        var main = await JobAsync("r1-zero/000004/final-evaluate/0");
        var few = await JobAsync("r1-zero/000004/final-evaluate/1");
        (main.Settings.Problems, few.Settings.Problems).ShouldBe((8, 3));
        main.Rewards.Keys.ShouldBe(["accuracy/exact", "format/think-answer"], ignoreOrder: true);
        few.Rewards.Keys.ShouldBe(["accuracy/math"]);
        var point = await JobAsync("r1-zero/000002/evaluate/0");
        (point.Settings.Problems, point.Settings.Samples, point.WithSamples).ShouldBe((3, 0, false), "the curve's benchmark, greedily");

        var metrics = run.Stages[1].Metrics;
        (metrics["eval/many/problems"], metrics["eval/few/problems"], metrics[MetricNames.EvalProblems]).ShouldBe((8, 3, 8));
        metrics["eval/few/pass_at_1"].ShouldBe(0.98);
        // What was generated to measure is not what was generated to learn from.
        var steps = (await host.Services.GetRequiredService<MetricsReader>().ReadAsync("two", "r1-zero", null, default))
            .ToDictionary(row => row.Step, row => row.Values);
        (steps[4][MetricNames.Tokens], steps[4][MetricNames.EvalTokens]).ShouldBe((steps[3][MetricNames.Tokens], 726));

        var report = await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("two", "report.json"));
        report.Stages[1]
            .Benchmarks.Select(benchmark => (benchmark.Name, benchmark.Before!.PassAt1, benchmark.After!.PassAt1, benchmark.After.Problems))
            .ShouldBe([("many", 0.3, 0.98, 8), ("few", 0.3, 0.98, 3)]);
        report.Stages[1].Evaluations.Select(curve => curve.Step).ShouldBe([0, 2, 4]);
        report.Overlap.ShouldBe(0);

        async Task<EvaluateJob> JobAsync(string id) =>
            (EvaluateJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("two", id))).Payload;
    }

    [Fact]
    public async Task Run_EvaluateStageWithBenchmarks_MeasuresThem()
    {
        await using var host = new PipelineHost();
        var recipe = TestRecipes.Json(iterations: 1, evaluation: "")
            .Replace("\"r1-zero\": {",
                "\"test\": { \"kind\": \"evaluate\", \"from\": \"base\", "
                + Evaluation.Replace("\"curve\": \"few\",", "").Trim().TrimEnd(',') + " }, \"r1-zero\": {");
        await host.Runs.CreateAsync(TestRecipes.Load(recipe), "stage", null);
        (await host.WaitAsync("stage", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        var report = await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("stage", "report.json"));
        report.Stages[1].Benchmarks.Select(benchmark => (benchmark.Name, benchmark.Before, benchmark.After!.Problems))
            .ShouldBe([("many", null, 8), ("few", null, 3)]);
        (await host.Services.GetRequiredService<RunData>().SamplesAsync("stage", "test", 1, default))
            .Sets.Select(set => (set.Source, set.Benchmark)).ShouldBe([("evaluate", "many"), ("evaluate", "few")]);
    }
}
