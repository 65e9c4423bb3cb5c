using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Display;
using R1Cloud.Pipeline.Model;

namespace R1Cloud.LocalHost.Tests.Display;

public sealed class RunDisplaysTests
{
    private readonly WatchedRun progress = new(new Uri("http://127.0.0.1:7171"), SampleRuns.Start);

    [Fact]
    public async Task Plain_WholeRun_WritesALineAStateAndTwentyAStage()
    {
        var output = new StringWriter();
        await new PlainDisplay(output, new FakeTimeProvider(SampleRuns.Start)).ShowAsync(SampleRuns.Stream(WholeRun()), progress);

        var lines = output.ToString().ReplaceLineEndings("\n").TrimEnd().Split('\n');
        lines[0].ShouldStartWith("12:00:00  base         300/300  completed");
        lines.ShouldContain(line =>
            line.Contains("r1-zero") && line.Contains("13/65") && line.Contains("reward 0.660") && line.Contains("accuracy 20.0 %")
            && line.Contains("left 1:03"));
        lines.Count(line => line.Contains("r1-zero")).ShouldBeInRange(20, 24);
        lines[^1].ShouldEndWith("run completed");
        lines[^2].ShouldEndWith("65/65  completed");
        progress.End!.Status.ShouldBe(RunStatus.Completed);
    }

    [Fact]
    public async Task Json_Events_AreALineEach()
    {
        var output = new StringWriter();
        await new JsonDisplay(output).ShowAsync(SampleRuns.Stream(WholeRun()), progress);
        var lines = output.ToString().TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        lines.Count.ShouldBe(WholeRun().Count());
        lines[0].GetProperty("event").GetString().ShouldBe("snapshot");
        lines[0].GetProperty("data").GetProperty("stages")[1].GetProperty("label").GetString().ShouldBe("r1-zero");
        lines[^1].GetProperty("data").GetProperty("status").GetString().ShouldBe("completed");
    }

    [Fact]
    public async Task Screen_Events_EndWithTheLastPicture()
    {
        var console = new TextConsole(80);
        await new ScreenDisplay(console.Console, TimeProvider.System).ShowAsync(SampleRuns.Stream(WholeRun()), progress);
        console.Text.ShouldContain("65/65");
        console.Text.ShouldContain("completed");
    }

    private static IEnumerable<WatchedEvent> WholeRun()
    {
        yield return new(RunEventNames.Snapshot, SampleRuns.Run(RunStatus.Running, SampleRuns.Base, SampleRuns.Rl(0)));
        for (var step = 1; step <= 65; step++)
        {
            yield return new(RunEventNames.Metrics, SampleRuns.Step(step));
            yield return new(RunEventNames.Snapshot, SampleRuns.Run(RunStatus.Running, SampleRuns.Base, SampleRuns.Rl(step)));
        }
        yield return new(RunEventNames.Snapshot,
            SampleRuns.Run(RunStatus.Completed, SampleRuns.Base, SampleRuns.Rl(65, StageStatus.Completed)));
        yield return new(RunEventNames.End, new RunEnd(RunStatus.Completed));
    }
}
