using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Display;
using R1Cloud.Pipeline.Model;

namespace R1Cloud.LocalHost.Tests.Display;

public sealed class RunScreenTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void Draw_RunningRun_FitsAndShowsEverything(int width)
    {
        var console = Draw(SampleRuns.HalfWay(), width);

        console.Lines.ShouldAllBe(line => line.Length <= width);
        console.Lines.Count.ShouldBeLessThan(20);
        foreach (var part in (string[])["quickstart-362d0311", "http://127.0.0.1:7171", "✓ base", "300/300", "▸ r1-zero", "42/65",
            "rollout",
            "reward    1.240", "accuracy  64.6 %", "format    82.3 %", "length    19.2", "tokens/s  5,130", "1 running · 1 restart",
                "2:00 elapsed", "about 1:03 left", "Ctrl-C stops"])
        {
            console.Text.ShouldContain(part);
        }
        console.Text.ShouldContain("▁▁▁"); // The curve begins low…
        console.Lines.Single(line => line.Contains("curve", StringComparison.Ordinal)).ShouldContain("▆"); // …and has risen.
    }

    [Fact]
    public void Draw_NarrowTerminal_StillFits()
    {
        for (var width = 20; width <= 80; width++)
        {
            var console = Draw(SampleRuns.HalfWay(), width);
            console.Lines.ShouldAllBe(line => line.Length <= width, $"{width} columns");
            console.Text.ShouldContain("42/65", customMessage: $"{width} columns");
            console.Text.ShouldContain("64.6 %", customMessage: $"{width} columns");
        }
    }

    [Fact]
    public void Draw_Bars_AreAsLongAsTheStepsDone()
    {
        var stages = Draw(SampleRuns.HalfWay(), 80)
            .Lines.Where(line => line.Contains("r1-zero", StringComparison.Ordinal) || line.Contains("base", StringComparison.Ordinal))
            .ToList();
        var (full, all) = (stages[1].Count(sign => sign == '━'), stages[1].Count(sign => sign is '━' or '─'));
        ((double)full / all).ShouldBe(42.0 / 65, 0.03);
        stages[0].Count(sign => sign == '─').ShouldBe(0);
    }

    [Fact]
    public void Draw_RunningJobOfALongStage_ShowsTheJobsSteps()
    {
        var stage = SampleRuns.Base with { Status = StageStatus.Running, Done = 0, EndedAt = null };
        var run = SampleRuns.Run(RunStatus.Running, stage, SampleRuns.Rl(0, StageStatus.Pending)) with
        {
            Jobs = [new JobView("base/000000/pretrain/0", "worker-0", 120, 300, new Dictionary<string, double> { ["loss"] = 1.5 },
                SampleRuns.Start)],
        };
        var console = Draw([new WatchedEvent(RunEventNames.Snapshot, run)], 80);
        console.Text.ShouldContain("120/300");
        console.Text.ShouldContain("loss      1.5000");
        console.Text.ShouldContain("· r1-zero");
    }

    [Fact]
    public void Draw_WarningsAndPause_AreShown()
    {
        var console = Draw(
        [
            new WatchedEvent(RunEventNames.Snapshot, SampleRuns.Run(RunStatus.Paused, SampleRuns.Base, SampleRuns.Rl(3))),
            new WatchedEvent(RunEventNames.Log, new RunLog(SampleRuns.Start, "warning", "A worker had trouble: [red]exit code 137[/]")),
            new WatchedEvent(RunEventNames.Log, new RunLog(SampleRuns.Start, "information", "nothing to see")),
        ], 80);
        console.Text.ShouldContain("A worker had trouble: [red]exit code 137[/]");
        console.Text.ShouldNotContain("nothing to see");
        console.Text.ShouldContain("paused");
    }

    [Fact]
    public void Draw_ConsoleWithoutUnicode_UsesPlainSigns()
    {
        var console = Draw(SampleRuns.HalfWay(), 80, unicode: false);
        console.Text.ShouldAllBe(sign => sign < 128);
        console.Text.ShouldContain("> r1-zero");
    }

    [Fact]
    public void Draw_BeforeTheFirstSnapshot_SaysSo() => Draw([], 80).Text.ShouldContain("starting");

    private static TextConsole Draw(IEnumerable<WatchedEvent> events, int width, bool unicode = true)
    {
        var console = new TextConsole(width, unicode);
        var progress = new WatchedRun(new Uri("http://127.0.0.1:7171"), SampleRuns.Start);
        foreach (var change in events) progress.Apply(change);
        console.Console.Write(RunScreen.Draw(progress, Glyphs.For(console.Console), width, SampleRuns.Start.AddMinutes(2)));
        return console;
    }
}
