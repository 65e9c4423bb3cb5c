using System.Text.Json;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>The stages between two RL stages, as one run of the real thing.</summary>
public sealed class ChainRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_ChainWithAKilledWorkerAndWithTwo_EndsWithTheSameWeights()
    {
        var rough = new MiniRun(folder, "rough") { Json = MiniRun.Chain };
        rough.Start();
        await rough.ReachAsync("dev1/000000/sft/0: attempt");
        await rough.KillWorkerAsync();
        (await rough.EndAsync()).ShouldBe(0, rough.Output);

        var two = new MiniRun(folder, "two", "--workers", "2") { Json = MiniRun.Chain };
        two.Start();
        (await two.EndAsync()).ShouldBe(0, two.Output);

        two.Weights().ShouldBe(rough.Weights());
        var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(two.Data, "runs", two.RunId, "report.json"))).RootElement;
        var stages = report.GetProperty("stages").EnumerateArray().ToDictionary(stage => stage.GetProperty("name").GetString()!);
        stages.Keys.ShouldBe(["base", "collect", "dev1", "rl"]);
        stages["collect"].GetProperty("metrics").GetProperty("samples/kept").GetDouble().ShouldBeGreaterThan(0);
        Format("dev1").ShouldBeGreaterThan(Format("base"), "it learned the form that was kept");

        double Format(string stage) => stages[stage].GetProperty("after").GetProperty("format").GetDouble();
    }
}
