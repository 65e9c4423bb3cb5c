using R1Cloud.LocalHost.Display;
using R1Cloud.Pipeline.Report;

namespace R1Cloud.LocalHost.Tests.Display;

public sealed class ReportViewTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void Write_Report_FitsAndShowsBeforeAndAfter(int width)
    {
        var console = Write(width);
        console.Lines.ShouldAllBe(line => line.Length <= width);
        foreach (var part in (string[])["quickstart-362d0311", "seed 1", "greedy accuracy", "10.2 %", "→", "99.2 %", "pass@1 (k = 4)",
            "14.3 %", "99.4 %",
            "512 held-out problems, none in the training data", "57+83=", "right: 140", "✗ before", "✓ after", "<answer>132</answer>",
            "generation", "1:20", "40.0 %", "overhead", "8.0 %", "3:20 in stages, 3:30 from start to end", "TensorBoard",
                ".r1/runs/x/tensorboard", "█",
            "Plan and actual", "1:00", "1:12", "no estimate", "useful 75.0 %, recomputed 10.0 %, idle 15.0 %",
                "0 failed, 2 lost, 1 preempted"])
        {
            console.Text.ShouldContain(part);
        }
    }

    [Fact]
    public void Write_NarrowTerminal_StillFits()
    {
        for (var width = 20; width <= 80; width++)
        {
            foreach (var report in (RunReport[])[SampleRuns.Report,
                SampleRuns.Report with { Stages = [.. SampleRuns.Report.Stages, .. SampleRuns.Report.Stages] }])
            {
                var console = new TextConsole(width);
                new ReportView(console.Console).Write(report, [("weights", "/a/path/that/is/longer/than/the/terminal/is/wide")]);
                console.Lines.ShouldAllBe(line => line.Length <= width, $"{width} columns");
                console.Text.ShouldContain("99.", customMessage: $"{width} columns");
            }
        }
    }

    [Fact]
    public void Write_LeakedProblems_AreTold()
    {
        var console = new TextConsole(80);
        new ReportView(console.Console).Write(SampleRuns.Report with { Overlap = 3 }, []);
        console.Text.ShouldContain("3 in the training data");
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void Write_Chain_HasARowForEveryStage(int width)
    {
        var report = SampleRuns.Report;
        var measured =
            report.Stages[1] with { Label = "rl-of-a-name-that-is-long",
                Benchmarks = [new("addition", null, report.Stages[1].After! with { PassAt1Interval = 0.0123, ConsAtK = 0.995 })] };
        var data = report.Stages[0] with { Label = "collect", Benchmarks = [],
            Metrics = new Dictionary<string, double> { ["samples"] = 2048, ["samples/kept"] = 700 } };
        data = data with { Summary = "Keeps 700 of 2,048 samples." };
        measured = measured with { From = "base",
            Summary = "No measurable change, against base: addition pass@1 14.3 % → 14.9 % (+0.6 ± 1.9: not measurable), language 97.6 % "
                + "as before.", Effects = [new("addition", "accuracy", 0.143, 0.149, EffectTest.Paired, 0.019)] };
        var console = new TextConsole(width);
        new ReportView(console.Console).Write(report with { Stages = [report.Stages[0], data, measured] }, []);
        console.Lines.ShouldAllBe(line => line.Length <= width);
        console.Text.ShouldContain("99.4 % ± 1.2");
        console.Text.ShouldContain("99.5 %");
        console.Text.ShouldContain("Keeps 700 of 2,048 samples.");
        console.Text.ShouldContain("rl-of-a-name-that-is-long  rl from base, 65 steps", customMessage: "no name is cut");
        string.Join(' ', console.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ShouldContain(measured.Summary);
    }

    [Fact]
    public void Write_ChainIntoAPipe_HasEveryColumnAndWholeSentences()
    {
        var report = SampleRuns.Report;
        var summary = string.Join(' ', Enumerable.Repeat("long", 60));
        var stages = Enumerable.Range(0, 3)
            .Select(i =>
                report.Stages[1] with { Label = $"stage-{i}", Summary = summary, Effects = [new("addition", "accuracy", 0.1, 0.9)] });
        var console = new TextConsole(40, terminal: false);
        new ReportView(console.Console).Write(report with { Stages = [.. stages] }, []);
        console.Lines.Count(line => line.Trim() == summary).ShouldBe(3);
        console.Text.ShouldContain("greedy format");
    }

    [Fact]
    public void Write_Curves_AreALineForEveryFigureThatThereIs()
    {
        var report = SampleRuns.Report;
        var rl = report.Stages[1] with {
            Training = [.. Enumerable.Range(1, 9)
                .Select(step => new CurvePoint(step, step / 10.0, 0.5, 20 + step, step, 0.8, Entropy: 1.0 / step))] };
        var console = new TextConsole(80);
        new ReportView(console.Console).Write(report with { Stages = [rl] }, []);
        console.Lines.ShouldAllBe(line => line.Length <= 80);
        console.Lines.Single(line => line.StartsWith(" length", StringComparison.Ordinal)).ShouldEndWith("21.0 → 29.0");
        console.Lines.Single(line => line.StartsWith(" entropy", StringComparison.Ordinal)).ShouldEndWith("1.000 → 0.111");
        console.Lines.ShouldNotContain(line => line.StartsWith(" kl", StringComparison.Ordinal));
    }

    private static TextConsole Write(int width)
    {
        var console = new TextConsole(width);
        new ReportView(console.Console)
            .Write(SampleRuns.Report, [("report", ".r1/runs/x/report.html"), ("TensorBoard", ".r1/runs/x/tensorboard")]);
        return console;
    }
}
