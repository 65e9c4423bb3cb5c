using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary>Blobs go away in the midst of work while the queue stays: it is waited for, and nothing is held against the job.</summary>
public sealed class StorageOutageTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly JobsRecipe NothingAllowed = new() { MaxAttempts = 1, MaxLost = 0, HeartbeatTimeoutSeconds = 60 };
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(2.5);
    private WorkRun run = null!;
    private StorageProxy proxy = null!;

    public async ValueTask InitializeAsync()
    {
        run = await WorkRun.StartAsync(azurite);
        var parts = azurite.ConnectionString.Split(';');
        var blobs = new Uri(parts.Single(part => part.StartsWith("BlobEndpoint=", StringComparison.Ordinal))["BlobEndpoint=".Length..]);
        proxy = new(blobs.Port);
        var proxied =
            string.Join(';',
                parts.Select(part =>
                    part.StartsWith("BlobEndpoint=", StringComparison.Ordinal)
                    ? $"BlobEndpoint={new UriBuilder(blobs) { Port = proxy.Port }.Uri}" : part));
        run.WorkerStorage = StorageConnection.Open(proxied, options: new() { Retries = 0 });
    }

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        await run.DisposeAsync();
    }

    [Fact]
    public async Task RunAsync_BlobsAwayBeforeTheJobBegins_CountsNoLoss()
    {
        var spec = await run.SubmitAsync(new(), NothingAllowed);
        proxy.Cut(Outage);
        await run.WorkAsync(visibilitySeconds: 1, idleSeconds: 600, preemption: await WhenDoneAsync(spec));
        Succeeded(await run.ResultAsync(spec));
    }

    [Fact]
    public async Task RunAsync_BlobsAwayInTheMidst_GoesOnOnceTheyAreBack()
    {
        var spec = await run.SubmitAsync(new(), NothingAllowed);
        var runs = 0;
        await run.WorkAsync(async context =>
        {
            runs++;
            await context.Blobs.WriteAsync($"runs/{run.RunId}/input", new("kept"));
            proxy.Cut(Outage);
            await context.Blobs.UploadAsync($"runs/{run.RunId}/output", new MemoryStream([1, 2, 3]));
            (await context.Blobs.TryCreateAsync($"runs/{run.RunId}/created", new("x"))).ShouldBeTrue();
            (await context.Blobs.ListAsync($"runs/{run.RunId}/").CountAsync()).ShouldBeGreaterThan(2);
            return JobOutcome.Empty;
        });
        runs.ShouldBe(1);
        Succeeded(await run.ResultAsync(spec));
        (await run.Blobs.TryReadAsync($"runs/{run.RunId}/output"))!.ToArray().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task RunAsync_BlobsAwayInTheMidst_TellsSoOnceItCanBeWritten()
    {
        var spec = await run.SubmitAsync(new(), NothingAllowed);
        JobProgress? told = null;
        await run.WorkAsync(async context =>
        {
            proxy.Cut(Outage);
            await context.Blobs.WriteAsync($"runs/{run.RunId}/output", new("x"));
            for (var left = 18_000; told is null && left > 0; left--)
            {
                await Task.Delay(100);
                told = await run.Blobs.TryReadJsonAsync<JobProgress>(BlobLayout.JobProgress(run.RunId, spec.JobId));
            }
            return JobOutcome.Empty;
        });
        told.ShouldNotBeNull().StorageWait.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task RunAsync_BlobsAwayAtTheCommit_KeepsTheFinishedJobAndCommitsIt()
    {
        var spec = await run.SubmitAsync(new(), NothingAllowed);
        var runs = 0;
        await run.WorkAsync(_ =>
        {
            runs++;
            proxy.Cut(Outage);
            return Task.FromResult(new JobOutcome(new Dictionary<string, string>(), new Dictionary<string, double> { ["figure"] = 7 }));
        }, visibilitySeconds: 1);
        runs.ShouldBe(1);
        var result = await run.ResultAsync(spec);
        Succeeded(result);
        result!.Metrics["figure"].ShouldBe(7);
        (await run.CompletionsAsync()).ShouldHaveSingleItem();
        (await run.Queue.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task RunAsync_BlobsAwayForLongerThanAllowed_GivesTheAttemptUp()
    {
        var spec = await run.SubmitAsync(new(), new JobsRecipe { StorageWaitSeconds = 1, HeartbeatTimeoutSeconds = 2, MaxLost = 3 });
        var runs = 0;
        run.Log = new Watched(() => proxy.Away = false); // back when the worker, its attempt given up, does not get at the next job
        await run.WorkAsync(async context =>
        {
            if (++runs == 1)
            {
                proxy.Away = true;
                await context.Blobs.WriteAsync($"runs/{run.RunId}/output", new("x"));
            }
            return JobOutcome.Empty;
        }, visibilitySeconds: 1, idleSeconds: 600, preemption: await WhenDoneAsync(spec));
        runs.ShouldBe(2);
        (await run.ResultAsync(spec)).ShouldNotBeNull().Attempts.ShouldBe(new AttemptCounts(0, 0, 1));
    }

    [Fact]
    public async Task RunAsync_StoppedWhileItWaits_DoesNotWaitOn()
    {
        var spec = await run.SubmitAsync(new(), NothingAllowed);
        using var stop = new CancellationTokenSource();
        var code = await run.WorkAsync(async context =>
        {
            proxy.Away = true;
            var waiting = context.Blobs.WriteAsync($"runs/{run.RunId}/output", new("x"));
            await stop.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => waiting);
            proxy.Away = false;
            throw new PreemptedException();
        }, preemption: stop.Token);
        code.ShouldBe(ExitCodes.Preempted);
        (await run.WorkAsync(name: "w1")).ShouldBe(ExitCodes.Done);
        (await run.ResultAsync(spec))!.Attempts.ShouldBe(new AttemptCounts(0, 1, 0));
    }

    // Calls back when a worker says that storage is away.
    private sealed class Watched(Action away) : ILogger
    {
        private const int StorageAway = 2203;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == StorageAway) away();
        }
    }

    private static void Succeeded(JobResult? result)
    {
        var (status, attempts) = (result.ShouldNotBeNull().Status, result.Attempts);
        (status, attempts).ShouldBe((JobStatus.Succeeded, new AttemptCounts(0, 0, 0)));
    }

    // Fires some time after the job's result is there.
    private Task<CancellationToken> WhenDoneAsync(JobSpec spec)
    {
        var done = new CancellationTokenSource();
        _ = Task.Run(async () =>
        {
            for (var left = 18_000; left > 0 && await run.ResultAsync(spec) is null; left--) await Task.Delay(100);
            await Task.Delay(300);
            await done.CancelAsync();
        });
        return Task.FromResult(done.Token);
    }
}
