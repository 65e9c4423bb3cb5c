using R1Cloud.LocalHost.Tests.EndToEnd;

namespace R1Cloud.LocalHost.Tests.Telemetry;

/// <summary>A run with a killed worker and a killed host, as an operator's collector sees it.</summary>
public sealed class TracedRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_WorkerAndHostKilled_IsOneUnbrokenTraceWithTheLostAttemptInIt()
    {
        await using var collector = await OtlpCollector.StartAsync();
        string[] settings = ["--set", "stages.r1-zero.iterations=3"];
        var run = new MiniRun(folder, "traced", settings) { Variables = collector.Variables };
        run.Start();
        await run.ReachAsync("r1-zero/000001/update/0: attempt");
        await run.KillWorkerAsync();
        await run.ReachAsync("r1-zero/000002/rollout/0: attempt");
        // What it has not sent yet goes with it.
        await Eventually.BeTrueAsync(() => collector.Spans.Any(span =>
            span.Name == "job update" && span.Tags["r1.job.id"] == "r1-zero/000001/update/0"), "the host tells of the update");
        run.KillHost();
        var again = new MiniRun(folder, "traced", settings) { Variables = collector.Variables };
        again.Start();
        (await again.EndAsync()).ShouldBe(0, again.Output);

        var all = collector.Spans.ToList();
        var root = all.Where(span => span.Name == "run mini").DistinctBy(span => span.Id).ShouldHaveSingleItem();
        root.Parent.ShouldBeEmpty();
        // A replay may write a span again, under the same id.
        var trace = all.Where(span => span.Trace == root.Trace).DistinctBy(span => span.Id).ToDictionary(span => span.Id);
        foreach (var span in trace.Values.Where(span => span != root))
            trace.ShouldContainKey(span.Parent, $"{span.Name} of {span.Service} hangs in the air");
        trace.Values.Select(span => span.Service).Distinct().ShouldBe(["r1-host", "r1-worker"], ignoreOrder: true);
        foreach (var span in trace.Values) span.End.ShouldBeGreaterThanOrEqualTo(span.Start);
        string[] names = ["orchestration", "stage base", "stage r1-zero", "job pretrain", "job rollout", "job update", "attempt rollout",
            "generate", "score", "update", "storage"];
        foreach (var name in names) trace.Values.ShouldContain(span => span.Name == name, name);

        var lost = trace.Values.Where(span => span.Tags.GetValueOrDefault("r1.ending") == "lost").ToList();
        var update = lost.Where(span => span.Tags["r1.job.id"] == "r1-zero/000001/update/0").ShouldHaveSingleItem();
        update.Failed.ShouldBeTrue();
        update.Status.ShouldBe("the worker died without a word");
        var job = trace[update.Parent];
        job.Name.ShouldBe("job update");
        job.Failed.ShouldBeFalse();
        trace.Values.ShouldContain(span => span.Parent == job.Id && span.Tags.GetValueOrDefault("r1.ending") == "succeeded");
        trace[trace[job.Parent].Parent].ShouldBe(root);

        collector.Logs.ShouldContain(log => log.Service == "r1-worker" && log.Trace == root.Trace, "logs of an attempt bear its trace");
        collector.Instruments.Keys.ShouldContain(("r1-worker", "r1.job.wait"));
        collector.Instruments.Keys.ShouldContain(("r1-host", "r1.training.value"));
    }
}
