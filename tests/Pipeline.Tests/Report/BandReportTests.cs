using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Tests.Report;

/// <summary>A band is judged by what was measured, with its standard error.</summary>
public class BandReportTests
{
    [Theory]
    [InlineData("pass@1 0.98 ± 0.015 after r1-zero", 0.97, true, "inside")]
    [InlineData("pass@1 0.98 +- 0.015 after r1-zero", 0.965, true, "inside")]
    [InlineData("pass@1 0.98 ± 0.015 after r1-zero", 0.955, false, "outside, 1.0 standard errors beyond its edge")]
    [InlineData("pass@1 0.97 ± 0.005 after r1-zero", 0.97, true, "inside, but the band is narrower than the standard error")]
    [InlineData("greedy 0.9 ± 0.1 after r1-zero", 0.9, true, "inside")]
    [InlineData("pass@k 0.9 ± 0.1 after r1-zero", 0.9, false, "not measured")]
    [InlineData("pass@1 on addition 0.97 ± 0.02 after r1-zero", 0.97, true, "inside")]
    public void Of_AMeasuredModel_SaysInsideOrOutside(string expected, double measured, bool inside, string verdict)
    {
        var recipe = TestRecipes.Load(Recipe(expected)).Recipe;
        var band = BandReport.Of(recipe, [Stage("base", 0.1), Stage("r1-zero", measured)]).ShouldHaveSingleItem();
        (band.Expected, band.Inside, band.Verdict).ShouldBe((expected, inside, verdict));
        if (expected.StartsWith("pass@1", StringComparison.Ordinal)) band.StandardError!.Value.ShouldBe(0.01, 1e-5);
        if (expected.StartsWith("greedy", StringComparison.Ordinal)) band.StandardError!.Value.ShouldBe(0.0948683, 1e-6);
    }

    [Theory]
    [InlineData("pass@1 0.98 ± 0.015 after r1", "evaluation.expect[0]")]
    [InlineData("pass@1 0.98 after r1-zero", "METRIC [on BENCHMARK] VALUE")]
    [InlineData("pass@1 1.98 ± 0.015 after r1-zero", "METRIC [on BENCHMARK] VALUE")]
    [InlineData("pass@1 on sums 0.98 ± 0.015 after r1-zero", "one of the benchmarks: addition")]
    public void Recipe_WithABandThatCannotBe_IsRefused(string expected, string because) =>
        Should.Throw<RecipeException>(() => TestRecipes.Load(Recipe(expected))).Message.ShouldContain(because);

    [Fact]
    public void Recipe_WithABand_HasTheKeysOfTheOneWithout()
    {
        var (with, without) = (TestRecipes.Load(Recipe("greedy 0.9 ± 0.1 after r1-zero")), TestRecipes.Load(TestRecipes.Json()));
        var contents = new Dictionary<string, string?>();
        var keys = Shared.Recipes.Keys.StageKeys.Of(with.Recipe, contents);
        foreach (var (name, key) in Shared.Recipes.Keys.StageKeys.Of(without.Recipe, contents))
            (keys[name].Result, keys[name].Evaluation).ShouldBe((key.Result, key.Evaluation));
    }

    [Fact]
    public async Task Report_OfARun_TellsItsBandsAndCosts()
    {
        await using var host = new PipelineHost(new() { PricePerWorkerHour = 3600 });
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe("pass@1 0.98 ± 0.015 after r1-zero")), "a", null);
        await host.WaitAsync("a", RunStatus.Completed);
        var report = (await host.Blobs.TryReadAsync(Shared.Storage.BlobLayout.Report("a", "report.md")))!.ToString();
        report.ShouldContain("| pass@1 0.98 ± 0.015 after r1-zero | 98.0 % |");
        report.ShouldContain("| stage | worker time | cost USD | a thousand samples | a point of pass@1 |");
        report.ShouldContain("on demand");
    }

    [Fact]
    public void Costing_OfStages_DividesTheWorkersTime()
    {
        var cost = new RunCost(1000, 36, 10, "USD", "");
        var stages = new[] { (Stage("base", 0.1), 0.0), (Stage("r1-zero", 0.6, before: 0.1), 4000.0) };
        var costing = RunCosting.Of(cost, new(600, 400, 10, 0, 2), 2, stages,
            new() { Paid = 1000, Useful = 900, Recomputed = 50, Failed = 0, Lost = 1, Preempted = 3 });
        // Two workers for 100 s and 50 s of measurement, twice.
        costing.Stages.Select(stage => (stage.Label, stage.WorkerSeconds, stage.Amount)).ShouldBe([("base", 300, 3), ("r1-zero", 300, 3)]);
        costing.Stages[0].PerPoint.ShouldBeNull();
        (costing.Stages[1].SecondsPerThousandSamples!.Value, costing.Stages[1].PerThousandSamples!.Value).ShouldBe((75, 0.75));
        costing.Stages[1].PerPoint!.Value.ShouldBe(3 / 50.0, 1e-9);
        (costing.BetweenSeconds, costing.BetweenAmount, costing.SpotSeconds, costing.OnDemandSeconds).ShouldBe((400, 4, 600, 400));
        (costing.Preemptions, costing.LostSeconds, costing.LostAmount).ShouldBe((5, 50, 0.5));
        RunCosting.Of(cost with { PricePerHour = 0 }, null, 2, stages, null).Stages[1].Amount.ShouldBeNull("there is no price");
    }

    private static StageReport Stage(string name, double measured, double? before = null) => new()
    {
        Name = name, Label = name, Kind = "rl", Steps = 1, Time = new() { Wall = 100 }, EvaluationSeconds = 50,
        Benchmarks = [new("addition", before is { } from ? Figures(from) : null, Figures(measured))],
    };

    private static EvaluationFigures Figures(double measured) =>
        new() { PassAt1 = measured, PassAt1Interval = 0.0196, GreedyAccuracy = measured, MeanLength = 3, Problems = 10, Samples = 4 };

    private static string Recipe(string expected) => TestRecipes.Json(evaluation: $$"""
        "evaluation": { "task": "addition", "problems": 8, "samples": 2, "expect": ["{{expected}}"] },
        """);
}
