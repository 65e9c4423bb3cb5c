using System.Diagnostics;
using System.Text.Json;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>
/// Whole recipes sampled by an engine beside the worker, which is killed on the way: minutes each, so only those are run that
/// <c>R1_TEST_ENGINES</c> names (<c>quickstart</c>, <c>r1-mini</c>, or both with a comma).
/// </summary>
public sealed class EngineRecipeTests(ITestOutputHelper output) : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("quickstart", "vllm", 0.95)]
    [InlineData("quickstart", "sglang", 0.95)]
    [InlineData("r1-mini", "vllm", 0)]
    [InlineData("r1-mini", "sglang", 0)]
    public async Task Up_WithAnEngineThatIsKilled_LearnsWhatItLearnsByTheOwnDecoder(string recipe, string engine, double accuracy)
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("R1_TEST_ENGINES") ?? "").Split(',').Any(name =>
            name == recipe || name == $"{recipe}:{engine}"), "R1_TEST_ENGINES does not name it.");
        var began = TimeProvider.System.GetTimestamp();
        var host = StandInEngine.Script(folder, engine);
        var file = Path.Combine(Repository.Root, "recipes", $"{recipe}.json");
        var planned = await R1.RunAsync(folder, "plan", file, "--set", $"engine={engine}");
        planned.ExitCode.ShouldBe(0, planned.Error);
        var run = new MiniRun(folder, "run", "--set", $"engine={engine}")
        {
            File = file,
            Variables = new() { ["R1_ENGINE_COMMAND"] = host, ["R1_ENGINE_TYPE"] = "float32" },
        };
        run.Start();
        await run.ReachAsync("r1-zero/000002/rollout/0: attempt");
        foreach (var id in StandInEngine.Running(folder)) Process.GetProcessById(id).Kill();
        (await run.EndAsync()).ShouldBe(0, run.Output + run.WorkerLogs());

        var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(run.Data, "runs", run.RunId, "report.json"),
            TestContext.Current.CancellationToken)).RootElement;
        output.WriteLine($"{recipe} by {engine}: {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s");
        foreach (var stage in report.GetProperty("stages").EnumerateArray())
        {
            output.WriteLine(string.Join(' ', new[] { "name", "kind", "after", "metrics" }
                .Select(name => stage.TryGetProperty(name, out var told) ? told.ToString() : "")));
            if (stage.TryGetProperty("metrics", out var metrics)
                && metrics.TryGetProperty("sampling/sampling_logp_difference/max", out var difference))
                difference.GetDouble().ShouldBeLessThan(1e-3);
        }
        if (accuracy > 0) Accuracy(report).ShouldBeGreaterThan(accuracy);
    }

    private static double Accuracy(JsonElement report) => report.GetProperty("stages").EnumerateArray()
        .Single(stage => stage.GetProperty("name").GetString() == "r1-zero").GetProperty("after").GetProperty("greedyAccuracy").GetDouble();
}
