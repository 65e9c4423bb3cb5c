using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.LocalHost.Tests.WorkerProcesses;

/// <summary>A worker dies in the midst of a job: the host sees it, so nobody waits for the heartbeat to lapse.</summary>
public sealed class LeaseReturnTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private readonly string run = $"lease{Guid.NewGuid():n}"[..12];
    private ProcessWorkerPool? pool;

    public async ValueTask DisposeAsync()
    {
        if (pool is not null) await pool.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Pool_WorkerKilledInMidJob_AnotherAttemptBeginsWithoutAHeartbeatLapsed()
    {
        var (queue, spec) = await SubmitAsync();
        pool = Pool();
        await pool.EnsureAsync(run, new WorkersRecipe { Device = "cpu" });
        await AttemptsAsync(spec, 1);
        var pid = (await pool.GetAsync(run)).Workers[0].Location.Split(' ')[^1];
        using (var worker = System.Diagnostics.Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture))) worker.Kill();
        await AttemptsAsync(spec, 2); // in an hour, by the heartbeat
        await queue.DropAsync();
    }

    [Fact]
    public async Task Pool_OfAHostThatDiedWithItsWorkers_GivesBackWhatTheyHeld()
    {
        var (queue, spec) = await SubmitAsync();
        var message = (await queue.ReceiveAsync(1, TimeSpan.FromHours(1))).ShouldHaveSingleItem();
        await new MessageLease(queue.Name, message, int.MaxValue).WriteAsync(folder[$"{run}-worker-0.lease"]);
        pool = Pool();
        await pool.EnsureAsync(run, new WorkersRecipe { Device = "cpu" });
        await AttemptsAsync(spec, 1);
        await queue.DropAsync();
    }

    [Fact]
    public async Task ReturnAsync_ReceiptThatIsNoMoreTheLast_LeavesTheMessageToItsHolder()
    {
        var (queue, _) = await SubmitAsync();
        var old = (await queue.ReceiveAsync(1, TimeSpan.FromHours(1))).ShouldHaveSingleItem();
        (await queue.RenewAsync(old, TimeSpan.FromHours(1))).ShouldNotBeNull();
        var file = folder["old.lease"];
        await new MessageLease(queue.Name, old, int.MaxValue).WriteAsync(file);
        await new LeaseReturn(file, azurite.Open().Queue, "worker-0", NullLogger.Instance).ReturnAsync(default);
        (await queue.ReceiveAsync(1, TimeSpan.FromHours(1))).ShouldBeEmpty();
        File.Exists(file).ShouldBeFalse();
        await queue.DropAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    public async Task ReturnAsync_LeaseThatCannotBeRead_IsPassedOver(string text)
    {
        var file = folder.Write("torn.lease", text);
        await new LeaseReturn(file, _ => throw new InvalidOperationException("There is no message."), "worker-0", NullLogger.Instance)
            .ReturnAsync(default);
    }

    private async Task<(IMessageQueue Queue, JobSpec Spec)> SubmitAsync()
    {
        var storage = azurite.Open();
        var queue = storage.Queue(BlobLayout.JobQueue(run));
        await queue.EnsureCreatedAsync();
        var spec = new JobSpec { RunId = run, JobId = "s/000000/noop/0", Payload = new NoopJob { Milliseconds = 3_600_000 },
            Retry = new() { HeartbeatTimeoutSeconds = 3600 } };
        await storage.Blobs.WriteJsonAsync(BlobLayout.JobSpec(run, spec.JobId), spec);
        await queue.SendAsync(JsonSerializer.Serialize(new JobMessage(run, spec.JobId), R1Json.Options));
        return (queue, spec);
    }

    private ProcessWorkerPool Pool() => new(new WorkerPoolOptions
    {
        Command = new WorkerCommand("dotnet", [Testing.Repository.Built("GpuJob", "gpujob.dll")]), Storage = azurite.ConnectionString,
            Cores = 1,
        LogFile = (_, worker) => folder[worker + ".log"], LeaseFile = (id, worker) => folder[$"{id}-{worker}.lease"],
            Grace = TimeSpan.FromSeconds(5),
    }, TimeProvider.System, NullLogger<ProcessWorkerPool>.Instance);

    private async Task AttemptsAsync(JobSpec spec, int count)
    {
        var blobs = azurite.Open().Blobs;
        for (var left = 18_000; ; left--)
        {
            var begun = 0;
            await foreach (var blob in blobs.ListAsync(BlobLayout.Job(run, spec.JobId) + "attempts/"))
                begun += blob.Path.EndsWith(BlobLayout.StartedFile, StringComparison.Ordinal) ? 1 : 0;
            if (begun >= count) return;
            left.ShouldBeGreaterThan(0,
                $"{begun} attempts have begun; {(File.Exists(folder["worker-0.log"]) ? File.ReadAllText(folder["worker-0.log"]) : "")}");
            await Task.Delay(100);
        }
    }
}
