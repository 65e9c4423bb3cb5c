namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>What the whole stands for: whatever dies, the run goes on and ends with the same bits.</summary>
public sealed class KilledRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_EverythingThenWorkerThenHostKilled_EndsWithTheSameWeights()
    {
        var calm = new MiniRun(folder, "calm");
        calm.Start();
        (await calm.EndAsync()).ShouldBe(0, calm.Output);
        calm.Output.ShouldContain("held-out problems, none in the training data");

        var rough = new MiniRun(folder, "rough");
        rough.Start();
        await rough.ReachAsync("base/000000/pretrain/0: attempt"); // well before storage writes its state out by itself
        rough.KillAll();
        rough = new MiniRun(folder, "rough");
        rough.Start();
        await rough.ReachAsync("r1-zero/000003/update/0: attempt");
        await rough.KillWorkerAsync();
        await rough.ReachAsync("r1-zero/000006/rollout/0: attempt");
        rough.KillHost();
        await Task.Delay(500);

        var again = new MiniRun(folder, "rough");
        again.Start();
        (await again.EndAsync()).ShouldBe(0, again.Output);

        again.Weights().ShouldBe(calm.Weights());
        // What was finished before the kill was not done again.
        again.WorkerLogs().Split("base/000000/pretrain/0: Succeeded").Length.ShouldBe(2);
    }

    [Fact]
    public async Task Up_UpdateInShardsBesideGenerationWithKills_EndsWithTheSameWeights()
    {
        string[] settings =
            ["--set", "stages.r1-zero.iterations=4", "--set", "stages.r1-zero.updateShards=2", "--set", "stages.r1-zero.staleness=1",
                "--workers", "2"];
        var calm = new MiniRun(folder, "calm", settings);
        calm.Start();
        (await calm.EndAsync()).ShouldBe(0, calm.Output);

        var rough = new MiniRun(folder, "rough", settings);
        rough.Start();
        await rough.ReachAsync("r1-zero/000001/gradient-1/1: attempt");
        await rough.KillWorkerAsync();
        await rough.ReachAsync("r1-zero/000002/gradient-0/0: attempt");
        rough.KillHost();
        await Task.Delay(500);

        var again = new MiniRun(folder, "rough", settings);
        again.Start();
        (await again.EndAsync()).ShouldBe(0, again.Output);
        again.Weights().ShouldBe(calm.Weights());
    }
}
