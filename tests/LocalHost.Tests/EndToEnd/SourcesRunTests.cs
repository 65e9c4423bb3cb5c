using System.Text.Json;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>Two prompt sources with dynamic sampling as runs of the real thing.</summary>
public sealed class SourcesRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_TwoShardsWithAKilledWorkerOrOne_EndsWithTheSameWeights()
    {
        var one = new MiniRun(folder, "one") { Json = MiniRun.Sources };
        one.Start();
        (await one.EndAsync()).ShouldBe(0, one.Output);

        var two = new MiniRun(folder, "two", "--set", "stages.rl.shards=2", "--workers", "2") { Json = MiniRun.Sources };
        two.Start();
        await two.ReachAsync("rl/000002/rollout/2: attempt"); // the second round
        await two.KillWorkerAsync();
        (await two.EndAsync()).ShouldBe(0, two.Output);

        two.Weights().ShouldBe(one.Weights());
        var (alone, cut) = (LastStep(one), LastStep(two));
        alone["sources/sums/questions"].ShouldBe(2 * alone["sources/products/questions"], 4, "two to one, in each round");
        alone.Keys.ShouldContain("sources/sums/accuracy");
        alone.Keys.ShouldNotContain("sources/products/accuracy", "they have no such reward");
        alone["questions"].ShouldBe(alone["sources/sums/questions"] + alone["sources/products/questions"]);
        cut.Keys.ShouldBe(alone.Keys, ignoreOrder: true);
        foreach (var name in alone.Keys.Where(name =>
            !name.StartsWith("time/", StringComparison.Ordinal) && !name.StartsWith("tokens_per_second", StringComparison.Ordinal)))
            cut[name].ShouldBe(alone[name], 1e-6, name);
    }

    private static Dictionary<string, double> LastStep(MiniRun run) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(run.Data, "runs", run.RunId, "report.json"))).RootElement
        .GetProperty("stages").EnumerateArray().Single(stage => stage.GetProperty("name").GetString() == "rl").GetProperty("metrics")
        .EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetDouble());
}
