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
    private const int OtherJobs = 5;

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
        await RenewedAsync();
        var pid = (await pool.GetAsync(run)).Workers[0].Location.Split(' ')[^1];
        using (var worker = System.Diagnostics.Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture))) worker.Kill();
        await TakenAsync(queue, spec, 2); // in an hour, by the heartbeat
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
        await TakenAsync(queue, spec, 1);
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
        return (queue, await SubmitAsync(queue, 0, TimeSpan.FromHours(1)));
    }

    private async Task<JobSpec> SubmitAsync(IMessageQueue queue, int number, TimeSpan length)
    {
        var spec = new JobSpec { RunId = run, JobId = JobId.Create("s", 0, JobKinds.Noop, number),
            Payload = new NoopJob { Milliseconds = (int)length.TotalMilliseconds }, Retry = new() { HeartbeatTimeoutSeconds = 3600 } };
        await azurite.Open().Blobs.WriteJsonAsync(BlobLayout.JobSpec(run, spec.JobId), spec);
        await queue.SendAsync(JsonSerializer.Serialize(new JobMessage(run, spec.JobId), R1Json.Options));
        return spec;
    }

    private ProcessWorkerPool Pool() => new(new WorkerPoolOptions
    {
        Command = new WorkerCommand("dotnet", [Testing.Repository.Built("GpuJob", "gpujob.dll")]), Storage = azurite.ConnectionString,
            Cores = 1,
        LogFile = (_, worker) => folder[worker + ".log"], LeaseFile = (id, worker) => folder[$"{id}-{worker}.lease"],
            Grace = TimeSpan.FromSeconds(5),
    }, TimeProvider.System, NullLogger<ProcessWorkerPool>.Instance);

    // Hidden for seconds when it is taken, and for the job's own time-out from the first heartbeat on.
    private async Task RenewedAsync()
    {
        string? first = null;
        for (var left = 3_000; ; left--)
        {
            var receipt = MessageLease.TryRead(folder[$"{run}-worker-0.lease"])?.Message.Receipt;
            first ??= receipt;
            if (receipt is not null && receipt != first) return;
            left.ShouldBeGreaterThan(0, "the worker does not renew its message");
            await Task.Delay(100);
        }
    }

    private Task AttemptsAsync(JobSpec spec, int count) => UntilAsync(async () => await BegunAsync(spec) >= count, $"attempt {count}");

    // Ends by what the worker does, not by the clock: one that takes other jobs, each ordered after the one before was done, would have
    // taken this one if its message were back.
    private async Task TakenAsync(IMessageQueue queue, JobSpec spec, int attempt)
    {
        var blobs = azurite.Open().Blobs;
        for (var number = 1; ; number++)
        {
            var other = await SubmitAsync(queue, number, TimeSpan.Zero);
            var taken = false;
            await UntilAsync(
                async () => (taken = await BegunAsync(spec) >= attempt) || await blobs.ExistsAsync(BlobLayout.JobResult(run, other.JobId)),
                $"neither attempt {attempt} nor job {other.JobId}");
            if (taken) return;
            number.ShouldBeLessThan(OtherJobs, $"the worker has done {number} jobs, and the one that the dead one held is not back");
        }
    }

    private async Task<int> BegunAsync(JobSpec spec)
    {
        var begun = 0;
        await foreach (var blob in azurite.Open().Blobs.ListAsync(BlobLayout.Job(run, spec.JobId) + "attempts/"))
            begun += blob.Path.EndsWith(BlobLayout.StartedFile, StringComparison.Ordinal) ? 1 : 0;
        return begun;
    }

    private async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        for (var left = 3_000; !await isSo(); left--)
        {
            left.ShouldBeGreaterThan(0,
                $"{what} has not begun; {(File.Exists(folder["worker-0.log"]) ? File.ReadAllText(folder["worker-0.log"]) : "")}");
            await Task.Delay(100);
        }
    }
}
