using System.Text.Json;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs;
using R1Cloud.GpuJob.Jobs.Noop;
using R1Cloud.GpuJob.Work;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary>A run's job queue and blobs in Azurite, and workers over them.</summary>
internal sealed class WorkRun : IAsyncDisposable
{
    private readonly TempFolder scratch = new();

    private readonly string connection;

    private WorkRun(StorageConnection storage, string connection)
    {
        (this.connection, Storage, Queue) = (connection, storage, storage.Queue(BlobLayout.JobQueue(RunId = $"w{Guid.NewGuid():n}"[..12])));
        WorkerStorage = storage;
    }

    public string RunId { get; }
    public StorageConnection Storage { get; }
    public IMessageQueue Queue { get; private set; }
    public IBlobStore Blobs => Storage.Blobs;

    /// <summary>What workers use; another one when they see the storage through something else.</summary>
    public StorageConnection WorkerStorage { get; set; }

    /// <summary>The clock of workers.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>What workers log.</summary>
    public ILogger Log { get; set; } = NullLogger.Instance;

    // The announcements' queue of this run's own: what tests take out of a common one is hidden from the others.
    private IMessageQueue Completions => Storage.Queue($"{BlobLayout.CompletionsQueue}-{RunId}");

    public static async Task<WorkRun> StartAsync(AzuriteFixture azurite)
    {
        var run = new WorkRun(azurite.Open(), azurite.ConnectionString);
        await run.Queue.EnsureCreatedAsync();
        await run.Completions.EnsureCreatedAsync();
        await run.Storage.Queue(BlobLayout.CompletionsQueue).EnsureCreatedAsync(); // of workers that are processes
        return run;
    }

    /// <summary>Has workers and their messages live by a clock that stands until a test moves it on.</summary>
    public void LiveBy(TimeProvider clock) => (Time, Queue) = (clock, new ClockedQueue(Queue.Name, clock));

    /// <summary>Orders a job; <paramref name="change"/> makes its spec another than this program would write.</summary>
    public async Task<JobSpec> SubmitAsync(NoopJob payload, JobsRecipe? retry = null, string jobId = "s/000000/noop/0",
        Func<BinaryData, BinaryData>? change = null)
    {
        var spec = new JobSpec
        {
            RunId = RunId, JobId = jobId, Payload = payload, Notify = new(RunId, $"job:{jobId}"),
            Retry = retry ?? new JobsRecipe { RetryDelaySeconds = 0 },
        };
        var path = BlobLayout.JobSpec(RunId, jobId);
        await Blobs.WriteJsonAsync(path, spec);
        if (change is not null) await Blobs.WriteAsync(path, change((await Blobs.TryReadAsync(path))!));
        await SendAsync(jobId);
        return spec;
    }

    public Task SendAsync(string jobId) => Queue.SendAsync(JsonSerializer.Serialize(new JobMessage(RunId, jobId), R1Json.Options));

    /// <summary>Works until the queue has been empty for a moment, or the worker leaves by itself.</summary>
    public async Task<int> WorkAsync(
        Func<JobContext, Task<JobOutcome>>? handler = null, string name = "w0", CancellationToken preemption = default,
            double visibilitySeconds = 30, double idleSeconds = 0.3)
    {
        var handlers = new JobHandlerRegistry();
        handlers.Add<NoopJob>(handler is null ? new NoopHandler() : new Scripted(handler));
        var options = new WorkerOptions
        {
            RunId = RunId, Name = name, ScratchFolder = scratch.Path, Visibility = TimeSpan.FromSeconds(visibilitySeconds),
            IdleLimit = TimeSpan.FromSeconds(idleSeconds), ProgressInterval = TimeSpan.FromMilliseconds(100),
                PollMax = TimeSpan.FromMilliseconds(50),
        };
        var storage =
            StorageConnection.Of(WorkerStorage.Endpoint, WorkerStorage.Blobs,
                queue => queue == BlobLayout.CompletionsQueue ? Completions : Queue, WorkerStorage.Traffic);
        return await new Worker(storage, handlers, options, Time, Log).RunAsync(preemption).WaitAsync(TimeSpan.FromMinutes(30));
    }

    /// <summary>A worker takes the job and dies in its midst without a word.</summary>
    public async Task LoseAsync(JobSpec spec)
    {
        var message = (await Queue.ReceiveAsync(1, TimeSpan.FromMinutes(1))).ShouldHaveSingleItem();
        await Blobs.WriteJsonAsync(BlobLayout.Attempt(RunId, spec.JobId, $"lost-{Guid.NewGuid():n}") + BlobLayout.StartedFile, new { });
        await Queue.RenewAsync(message, TimeSpan.Zero);
    }

    /// <summary>The run is there, as its creation leaves it.</summary>
    public Task CreateRunAsync() => Blobs.WriteAsync(BlobLayout.RunSpec(RunId), new("{}"));

    /// <summary>The run ends, as its orchestration does it.</summary>
    public async Task EndRunAsync(int generation = 0)
    {
        await Blobs.WriteAsync(BlobLayout.RunEnded(RunId, generation), new("{}"));
        await Queue.DropAsync();
    }

    /// <summary>Takes all messages away, hidden ones too: to who holds one it is lost.</summary>
    public async Task ClearAsync() => await new QueueClient(connection, Queue.Name).ClearMessagesAsync();

    public Task<JobResult?> ResultAsync(JobSpec spec) => Blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(RunId, spec.JobId));

    /// <summary>What workers in this process announced.</summary>
    public async Task<List<JobCompletion>> CompletionsAsync() =>
        [.. (await Completions.ReceiveAsync(32, TimeSpan.FromHours(1)))
            .Select(message => JsonSerializer.Deserialize<JobCompletion>(message.Text, R1Json.Options)!)];

    /// <summary>What is left in the scratch folder; nothing after any attempt.</summary>
    public string[] Leftovers => Directory.GetFileSystemEntries(scratch.Path);

    public async ValueTask DisposeAsync()
    {
        await Queue.DropAsync();
        await Completions.DropAsync();
        scratch.Dispose();
    }

    private sealed class Scripted(Func<JobContext, Task<JobOutcome>> run) : IJobHandler<NoopJob>
    {
        public Task<JobOutcome> RunAsync(NoopJob payload, JobContext context) => run(context);
    }
}
