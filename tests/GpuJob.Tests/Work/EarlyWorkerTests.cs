using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary>Workers that come before a run's queue or after it.</summary>
public sealed class EarlyWorkerTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private WorkRun run = null!;

    public async ValueTask InitializeAsync()
    {
        run = await WorkRun.StartAsync(azurite);
        await run.Queue.DropAsync();
    }

    public ValueTask DisposeAsync() => run.DisposeAsync();

    [Fact]
    public async Task RunAsync_BeforeTheQueueIsThere_WaitsAndTakesTheFirstJob()
    {
        await run.CreateRunAsync();
        var working = run.WorkAsync(idleSeconds: 600);
        await Task.Delay(1500);
        working.IsCompleted.ShouldBeFalse("the run has only been accepted");
        await run.Queue.EnsureCreatedAsync();
        var spec = await run.SubmitAsync(new());
        await Eventually(async () => await run.ResultAsync(spec) is { Status: JobStatus.Succeeded });
        await run.EndRunAsync();
        (await working).ShouldBe(ExitCodes.Done);
    }

    [Fact]
    public async Task RunAsync_AfterTheRun_LeavesAsDone()
    {
        await run.CreateRunAsync();
        await run.EndRunAsync();
        (await run.WorkAsync(idleSeconds: 600)).ShouldBe(ExitCodes.Done);
    }

    [Fact]
    public async Task RunAsync_RunThatWasEndedAndIsRetried_Waits()
    {
        await run.CreateRunAsync();
        await run.EndRunAsync();
        await run.Blobs.WriteAsync(BlobLayout.Generation(run.RunId, 1), new("{}"));
        var working = run.WorkAsync(idleSeconds: 600);
        await Task.Delay(1500);
        working.IsCompleted.ShouldBeFalse("the mark is that of the generation before");
        await run.EndRunAsync(1);
        (await working).ShouldBe(ExitCodes.Done);
    }

    [Fact]
    public async Task RunAsync_UnknownRun_IsBadInput() => (await run.WorkAsync(idleSeconds: 600)).ShouldBe(ExitCodes.BadInput);

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (var left = 36_000; !await condition(); left--)
        {
            left.ShouldBeGreaterThan(0, "it did not come to it");
            await Task.Delay(50);
        }
    }
}
