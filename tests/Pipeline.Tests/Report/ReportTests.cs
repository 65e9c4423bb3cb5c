using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;

namespace R1Cloud.Pipeline.Tests.Report;

public class ReportTests
{
    [Fact]
    public void Markdown_OfARun_HoldsTablesAnswersAndOverhead()
    {
        var text = ReportMarkdown.Render(Sample(), ReportCurve.FileOf, ReportFiles.Stages);

        text.ShouldContain("## Results, addition");
        text.ShouldContain("512 held-out problems, k = 4");
        text.ShouldContain("| stage | greedy | greedy format | pass@1 ± 95 % | format | length |",
            customMessage: "no column that says nothing");
        text.ShouldContain("| base | 31.2 % | 25.0 % | 29.0 % | 24.0 % | 18.5 |");
        text.ShouldContain("| r1-zero | 98.6 % | 100.0 % |");
        text.ShouldContain("| r1-zero | 120.0 | 60.0 | 2.0 | 50.0 | 3.0 | 5.0 | 6.7 % |");
        text.ShouldContain("![Learning curve of r1-zero](curve-r1-zero.svg)");
        text.ShouldContain("None of the evaluation problems occurs in the training data");
        text.ShouldContain("workers on this machine cost nothing");
        text.ShouldContain("<think>");
    }

    [Fact]
    public void Stages_OfAChain_HaveOneRowEach()
    {
        var run = Sample();
        var after = run.Stages[1].After! with { PassAt1Interval = 0.0125, PassAtK = 0.99, ConsAtK = 0.98 };
        var data = new StageReport
        {
            Name = "collect", Label = "collect", Kind = "collect", Steps = 1, Time = new(),
                Metrics = new Dictionary<string, double> { ["samples"] = 2048, ["samples/kept"] = 700 },
        };
        data = data with { Summary = StageSentence.Of(data) };
        var text = ReportMarkdown.Render(
            run with { Stages = [run.Stages[0], data, run.Stages[1] with { Benchmarks = [new("addition", null, after)] }] },
            ReportCurve.FileOf, ReportFiles.Stages);
        text.ShouldContain("| stage | kind | steps | time | what it did |");
        text.ShouldContain("| collect | collect | 1 | 0:00 | Keeps 700 of 2,048 samples. |");
        text.ShouldContain("| r1-zero | 98.6 % | 100.0 % | 97.1 % ± 1.3 | 99.0 % | 98.0 % | 99.9 % | 24.2 |");
    }

    [Fact]
    public void Results_OfSeveralBenchmarks_AreATableEachOfTheFiguresThatThereAre()
    {
        var run = Sample();
        var main = run.Stages[1].After! with { Rewards = new Dictionary<string, double> { ["language"] = 0.875 } };
        var other = new EvaluationFigures { PassAt1 = 0.5, MeanLength = 7, Problems = 30, Samples = 64, ConsAtK = 0.75,
            Rewards = new Dictionary<string, double> { ["helpful"] = -0.158 } };
        var text = ReportMarkdown.Render(
            run with { Stages =
                [run.Stages[0], run.Stages[1] with { Benchmarks = [new("addition", null, main), new("aime", null, other)] }] },
            ReportCurve.FileOf, ReportFiles.Stages);
        text.ShouldContain("| stage | greedy | greedy format | pass@1 ± 95 % | format | language | length |");
        text.ShouldContain("| base | 31.2 % | 25.0 % | 29.0 % | 24.0 % | – | 18.5 |");
        text.ShouldContain("| stage | pass@1 ± 95 % | cons@k | helpful | length |");
        text.ShouldContain("| r1-zero | 50.0 % | 75.0 % | -0.16 | 7.0 |",
            customMessage: "what no reward measures is not 0, and a score is not a share");
        text.ShouldContain("30 held-out problems, k = 64");
    }

    [Fact]
    public void Html_OfARun_IsSelfContainedAndEscaped()
    {
        var html = ReportHtml.Render(Sample());

        html.ShouldContain("<svg xmlns");
        html.ShouldContain("&lt;think&gt;");
        html.ShouldNotContain("<think>");
        html.ShouldNotContain("src=\"http");
        // To look at: R1_REPORT_SAMPLE names a folder.
        if (Environment.GetEnvironmentVariable("R1_REPORT_SAMPLE") is { } folder)
        {
            var full = Sample();
            var rl = full.Stages[1] with {
                Training = [.. full.Stages[1]
                    .Training.Select(point =>
                        point with { Language = 0.7 + 0.004 * point.Step, Kl = 0.0002 * point.Step,
                            Entropy = 0.9 / Math.Sqrt(point.Step) })] };
            File.WriteAllText(Path.Combine(folder, "report.html"),
                ReportHtml.Render(full with { Stages = [full.Stages[0], rl, rl with { Name = "dev2", Label = "dev2" }] }));
            File.WriteAllText(Path.Combine(folder, "curve.svg"), ReportCurve.Draw(Sample().Stages[1]));
        }
    }

    [Fact]
    public void Curve_Stage_HasAPanelForEveryFigureThatThereIs()
    {
        var stage = Sample().Stages[1];
        var svg = ReportCurve.Draw(
            stage with {
                Training = [
                    .. stage.Training.Select(point =>
                        point with { Language = 0.9, Kl = 0.01 * point.Step, Entropy = 1.0 / point.Step })] });
        foreach (var title in (string[])["Accuracy, format, language", "language, training", "Mean length", "Reward", "Entropy",
            "KL from the reference"]) svg.ShouldContain(title);
        ReportCurve.Draw(stage).ShouldNotContain("Entropy", customMessage: "there are no figures of it");
        ReportHtml.Render(Sample()).ShouldContain("Learning curves");
    }

    [Fact]
    public void Markdown_TextsOfModelsAndData_StayWithinTheirFences()
    {
        const string attack = "before\n```\n# heading\n`````\n<script>alert(1)</script>";
        var sample = Sample();
        var answer = sample.Stages[1].Samples[0].After! with { Completion = attack };
        var markdown =
            ReportMarkdown.Render(
                sample with { Stages = [sample.Stages[0], sample.Stages[1] with { Samples = [new(attack, attack, null, answer)] }] },
                _ => "curve.svg", "stages.svg");

        var fence = "";
        var outside = new List<string>();
        foreach (var line in markdown.Split('\n'))
        {
            var ticks = line.TakeWhile(c => c == '`').Count();
            if (fence.Length > 0)
            {
                if (line.Trim('`').Length == 0 && ticks >= fence.Length) fence = "";
            }
            else if (ticks >= 3) fence = new string('`', ticks);
            else outside.Add(line);
        }
        fence.ShouldBeEmpty();
        outside.ShouldNotContain(line => line.Contains("script", StringComparison.Ordinal) || line == "# heading");
        markdown.Split("<script>").Length.ShouldBe(3 + 1);
    }

    [Fact]
    public void Overlap_Found_IsAWarning() => ReportTables.Overlap(Sample() with { Overlap = 3 }).ShouldStartWith("Warning: 3 ");

    [Fact]
    public void Pair_Samples_PrefersWhatWasLearned()
    {
        Sample Of(string question, bool correct, bool greedy = true) =>
            new(question, correct ? "right" : "wrong", "1", correct, true, greedy);

        var pairs = ReportBuilder.Pair(
            [Of("a", true), Of("b", false), Of("c", false), Of("d", false, greedy: false), Of("d", true)],
            [Of("x", true), Of("a", true), Of("b", true), Of("c", true), Of("d", true)]);

        pairs.Select(pair => pair.Question).ShouldBe(["b", "c", "a"]);
        pairs.ShouldAllBe(pair => pair.Before != null && pair.After != null);
    }

    private static RunReport Sample()
    {
        var before = new EvaluationFigures { GreedyAccuracy = 0.312, GreedyFormat = 0.25, PassAt1 = 0.29, Format = 0.24, MeanLength = 18.5,
            Problems = 512, Samples = 4 };
        var after = before with { GreedyAccuracy = 0.986, GreedyFormat = 1, PassAt1 = 0.971, Format = 0.999, MeanLength = 24.2 };
        var random = new Random(7);
        var training = Enumerable.Range(1, 65).Select(i =>
        {
            var skill = 1 / (1 + Math.Exp(-(i - 22) / 6.0));
            return new CurvePoint(i, 0.25 + 0.72 * skill + random.NextDouble() * 0.05 - 0.025, Math.Min(1, 0.2 + 0.8 * skill * 1.1),
                17 + 7 * skill + random.NextDouble(), 1.4 * skill);
        });
        var answer = new Sample("57+83=", "<think>7+3=10 carry 1; 5+8+1=14</think><answer>140</answer>", "140", true, true, true);
        return new()
        {
            RunId = "quickstart-0a1b2c3d", Name = "quickstart", Description = "R1-Zero in miniature", RecipeHash = new('a', 64), Seed = 1,
            StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch.AddSeconds(200), Overlap = 0,
                Cost = RunCosts.Of(new(), 1, TimeSpan.FromSeconds(200)),
            Time = new() { Wall = 200, Generation = 80, Reward = 3, Update = 100, Storage = 5 },
            Stages =
            [
                new()
                {
                    Name = "base", Label = "base", Kind = "pretrain", Steps = 300, Checkpoint = "runs/q/checkpoints/base/step-000300/",
                        Benchmarks = [new("addition", null, before)],
                    Time = new() { Wall = 60, Update = 55, Storage = 1 }, Evaluations = [new(300, 0.312, 0.25, 18.5)],
                },
                new()
                {
                    Name = "r1-zero", Label = "r1-zero", Kind = "rl", Steps = 65, Checkpoint = "runs/q/checkpoints/r1-zero/step-000065/",
                        Benchmarks = [new("addition", before, after)],
                    Time = new() { Wall = 120, Generation = 60, Reward = 2, Update = 50, Storage = 3 },
                    Training = [.. training],
                        Evaluations = [new(0, 0.312, 0.25, 18.5), new(20, 0.58, 0.6, 20), new(40, 0.93, 0.99, 23), new(65, 0.986, 1, 24.2)],
                    Samples = [new("57+83=", "140", answer with { Completion = "130", Correct = false, Formatted = false }, answer)],
                },
            ],
        };
    }
}
