using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Report;

/// <summary>Controls in a run: they run beside their stage, change nothing of it, and the report sets them against it.</summary>
public class ControlReportTests
{
    [Theory]
    [InlineData(0.6, 0.1, "the stage is 50.0 points beyond it")]
    [InlineData(0.6, 0.4, "the stage is 20.0 points beyond it; it gains 30.0 points by itself")]
    [InlineData(0.42, 0.4, "the stage is not beyond it; it gains 30.0 points by itself")]
    [InlineData(0.12, 0.11, "the stage is not beyond it")]
    [InlineData(0.2, 0.4, "the stage is 20.0 points behind it; it gains 30.0 points by itself")]
    public void Of_AMeasuredControl_SaysHowFarTheStageIsBeyondIt(double stage, double control, string verdict)
    {
        var recipe = TestRecipes.Load(Recipe("random-reward")).Recipe.Expand();
        var report = ControlReport.Of(recipe, [Stage("base", 0.1), Stage("r1-zero", stage), Stage("r1-zero.random-reward", control)])
            .ShouldHaveSingleItem();
        (report.Stage, report.Control, report.Label).ShouldBe(("r1-zero", "random-reward", "r1-zero.random-reward"));
        report.Verdict.ShouldBe(verdict);
        (report.Gained!.Value, report.ControlGained!.Value).ShouldBe((stage - 0.1, control - 0.1));
        report.Half!.Value.ShouldBe(0.0196 * Math.Sqrt(2), 1e-9);
    }

    [Fact]
    public async Task Run_WithControls_RunsThemBesideAndDrawsThemUnderTheCurve()
    {
        await using var host = new PipelineHost(new());
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "plain", null);
        await host.WaitAsync("plain", RunStatus.Completed);
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe("random-reward\", \"zero-learning-rate")), "with", null);
        var view = await host.WaitAsync("with", RunStatus.Completed);
        view.Stages.Select(stage => (stage.Name, stage.ControlOf, stage.ReusedFrom?.RunId)).ShouldBe(
        [
            ("base", null, "plain"), ("r1-zero", null, "plain"), ("r1-zero.random-reward", "r1-zero", null),
            ("r1-zero.zero-learning-rate", "r1-zero", null),
        ]);
        var markdown = (await host.Blobs.TryReadAsync(BlobLayout.Report("with", "report.md")))!.ToString();
        markdown.ShouldContain("## Controls");
        markdown.ShouldContain("| r1-zero | random-reward |");
        var svg = (await host.Blobs.TryReadAsync(BlobLayout.Report("with", "curve-r1-zero.svg")))!.ToString();
        svg.ShouldContain("Accuracy over that of its controls");
        svg.ShouldContain("zero-learning-rate");
        (await host.Blobs.TryReadAsync(BlobLayout.Report("with", "curve.svg")))!.ToString()
            .ShouldBe(svg, "the run's picture is its stage's");
        (await host.Blobs.TryReadAsync(BlobLayout.Report("with", "report.html")))!.ToString().ShouldContain("<h2>Controls</h2>");
        (await host.Blobs.TryReadAsync(BlobLayout.Report("plain", "report.md")))!.ToString().ShouldNotContain("Controls");
    }

    private static StageReport Stage(string name, double measured) => new()
    {
        Name = name, Label = name, Kind = "rl", Steps = 1, Time = new() { Wall = 100 },
        Benchmarks = [new("addition", Figures(0.1), Figures(measured))],
    };

    private static EvaluationFigures Figures(double measured) =>
        new() { PassAt1 = measured, PassAt1Interval = 0.0196, GreedyAccuracy = measured, MeanLength = 3, Problems = 10, Samples = 4 };

    private static string Recipe(string controls) =>
        TestRecipes.Json(rl: $"\"controls\": [\"{controls}\"],");
}
