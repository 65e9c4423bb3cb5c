using System.Text.Json;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>The stages between two RL stages, as one run of the real thing.</summary>
public sealed class ChainRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_ChainWithAKilledWorkerAndHostAndWithTwoWorkers_EndsWithTheSameWeights()
    {
        var rough = new MiniRun(folder, "rough") { Json = MiniRun.Chain };
        rough.Start();
        await rough.ReachAsync("dev1/000000/sft/0: attempt");
        await rough.KillWorkerAsync();
        // The last student learns; the first one is done.
        await rough.ReachAsync("distill/long/000000/sft/0: attempt");
        rough.KillHost();
        await Task.Delay(500);
        rough = new MiniRun(folder, "rough") { Json = MiniRun.Chain };
        rough.Start();
        (await rough.EndAsync()).ShouldBe(0, rough.Output);
        rough.WorkerLogs().Split("distill/slow/000000/sft/0: Succeeded").Length.ShouldBe(2, "it is not trained again");

        var two = new MiniRun(folder, "two", "--workers", "2") { Json = MiniRun.Chain };
        two.Start();
        (await two.EndAsync()).ShouldBe(0, two.Output);

        string[] models = ["model", "models/distill/slow", "models/distill/long"];
        models.Select(two.Weights).ShouldBe(models.Select(rough.Weights));
        models.Select(two.Weights).Distinct().Count().ShouldBe(3);
        var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(two.Data, "runs", two.RunId, "report.json"))).RootElement;
        var stages = report.GetProperty("stages").EnumerateArray().ToDictionary(stage => stage.GetProperty("name").GetString()!);
        stages.Keys.ShouldBe(["base", "collect", "dev1", "rl", "distill/slow", "distill/long"]);
        stages["collect"].GetProperty("metrics").GetProperty("samples/kept").GetDouble().ShouldBeGreaterThan(0);
        foreach (var learned in (string[])["dev1", "distill/slow", "distill/long"]) Format(learned).ShouldBeGreaterThan(Format("base"), $"{learned} learned the form that was kept");

        double Format(string stage) => stages[stage].GetProperty("after").GetProperty("format").GetDouble();
    }
}
