using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>What a run pays for nodes that have no worker of it: booting for it, and idle after it.</summary>
public sealed class NodeBooksTests : BatchPoolTests
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 4)]
    public async Task Usage_NodeBroughtForTheRun_CountsItsBootAndItsIdleTime(bool dedicated, double price)
    {
        await pool.EnsureAsync("run-a", Four);
        var brought = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromMinutes(4));
        batch.Nodes["node-1"] = new("node-1", clock.GetUtcNow(), dedicated) { Allocated = brought };
        batch.Schedule();
        await pool.EnsureAsync("run-a", Four);
        (await SecondsAsync(dedicated, price)).ShouldBe(240, "its boot");

        clock.Advance(TimeSpan.FromMinutes(10));
        await pool.EnsureAsync("run-a", Four);
        (await SecondsAsync(dedicated, price)).ShouldBe(840, "and its worker");

        batch.Exit(Job, "worker-0-0", 0);
        clock.Advance(TimeSpan.FromMinutes(3));
        await pool.EnsureAsync("run-a", Four);
        clock.Advance(TimeSpan.FromMinutes(2));
        (await SecondsAsync(dedicated, price)).ShouldBe(1140, "and that it waits");

        batch.Nodes["node-1"].Others.Add(("r1-run-b-0", clock.GetUtcNow()));
        clock.Advance(TimeSpan.FromMinutes(30));
        (await SecondsAsync(dedicated, price)).ShouldBeLessThanOrEqualTo(1140, "another run has it now");
    }

    [Fact]
    public async Task Usage_NodeThatWorkedForAnotherRunBefore_CountsNoBoot()
    {
        await pool.EnsureAsync("run-a", Four);
        var brought = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromMinutes(4));
        batch.Nodes["node-1"] = new("node-1", clock.GetUtcNow()) { Allocated = brought };
        batch.Nodes["node-1"].Others.Add(("r1-run-b-0", brought.AddMinutes(2)));
        batch.Schedule();
        clock.Advance(TimeSpan.FromMinutes(1));
        (await SecondsAsync(dedicated: false, price: 1)).ShouldBe(60);
    }

    private async Task<double> SecondsAsync(bool dedicated, double price)
    {
        WorkerUsage usage = (await pool.GetAsync("run-a")).Usage!;
        var seconds = dedicated ? usage.DedicatedSeconds : usage.SpotSeconds;
        (dedicated ? usage.SpotSeconds : usage.DedicatedSeconds).ShouldBe(0);
        usage.Amount.ShouldBe(seconds * price / 3600, 1e-9);
        return seconds;
    }
}
