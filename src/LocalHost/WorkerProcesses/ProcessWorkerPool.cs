using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Processes;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>A run's workers as child processes of the host: they never outlive it.</summary>
internal sealed class ProcessWorkerPool(WorkerPoolOptions options, TimeProvider time, ILogger<ProcessWorkerPool> log)
    : IWorkerPool, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<WorkerProcess>> runs = new();
    private readonly TaskCompletionSource<string> broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lazy<StorageConnection> storage = new(() => StorageConnection.Open(options.Storage));
    private readonly Lock gate = new();
    private bool stopping;

    /// <summary>Ends with the error when workers cannot start here at all; trying goes on nevertheless.</summary>
    public Task<string> Broken => broken.Task;

    /// <inheritdoc/>
    public async Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default)
    {
        if (options.Gpus is { } gpus) GpuList.Check(gpus, workers);
        lock (gate)
        {
            if (!stopping)
            {
                runs.GetOrAdd(runId, _ => Start(runId, workers));
                return;
            }
        }
        // The host is going down: whoever asks is about to be cancelled, and will ask again after the next start.
        await Task.Delay(Timeout.Infinite, cancellation);
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(string runId, CancellationToken cancellation = default)
    {
        if (runs.TryRemove(runId, out var workers)) await Task.WhenAll(workers.Select(worker => worker.DisposeAsync().AsTask()));
    }

    /// <inheritdoc/>
    public int? ThreadsFor(WorkersRecipe workers) => options.ComputingThreadsFor(workers);

    /// <inheritdoc/>
    public Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default)
    {
        if (!runs.TryGetValue(runId, out var workers)) return Task.FromResult(WorkerPoolView.None);
        var views = workers.Select(worker => worker.View).ToList();
        var error = workers.Select(worker => worker.LastError).LastOrDefault(error => error is not null);
        return Task.FromResult(new WorkerPoolView(views, views.Sum(view => view.Restarts), error));
    }

    /// <summary>Lets every worker save and leave; none is started from now on.</summary>
    public async Task StopAsync()
    {
        lock (gate) stopping = true;
        await Task.WhenAll(runs.Values.SelectMany(workers => workers).Select(worker => worker.StopAsync()));
    }

    /// <summary>Ends every worker at once; none is started from now on.</summary>
    public void Kill()
    {
        lock (gate) stopping = true;
        foreach (var worker in runs.Values.SelectMany(workers => workers)) worker.Kill();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private List<WorkerProcess> Start(string runId, WorkersRecipe workers)
    {
        var started = new List<WorkerProcess>();
        for (var i = 0; i < options.CountFor(workers); i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"worker-{i}");
            var device = options.DeviceFor(workers, i);
            var lease = options.LeaseFile is { } file ? new LeaseReturn(file(runId, name), storage.Value.Queue, name, log) : null;
            var worker = new WorkerProcess(
                name, () => StartInfo(runId, name, device, workers, lease), options.LogFile(runId, name), lease, options, time, log)
            {
                OnBroken = error => broken.TrySetResult(error),
            };
            worker.Start();
            started.Add(worker);
        }
        return started;
    }

    private ProcessStartInfo StartInfo(string runId, string name, string device, WorkersRecipe workers, LeaseReturn? lease)
    {
        var threads = options.ThreadsFor(workers).ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(options.Command.FileName)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] own = ["work", "--run", runId, "--worker", name, "--threads", threads, "--device", device, "--parent-pipe"];
        foreach (var argument in options.Command.Arguments.Concat(own)) start.ArgumentList.Add(argument);
        if (!workers.Deterministic) start.ArgumentList.Add("--fast");
        if (workers.DevicesPerReplica > 1)
        {
            start.ArgumentList.Add("--devices-per-replica");
            start.ArgumentList.Add(workers.DevicesPerReplica.ToString(CultureInfo.InvariantCulture));
        }
        if (lease is not null)
        {
            start.ArgumentList.Add("--lease");
            start.ArgumentList.Add(lease.File);
        }

        ChildEnvironment.ForTrainer(start);
        start.Environment[StorageConnection.Variable] = options.Storage;
        if (CrashPoints.Setting is { } crash) start.Environment[CrashPoints.Variable] = crash;
        if (options.Cache is not null) start.Environment[CheckpointStore.CacheVariable] = options.Cache;
        start.Environment["OMP_NUM_THREADS"] = threads;
        start.Environment["MKL_NUM_THREADS"] = threads;
        start.Environment["MKL_DYNAMIC"] = "FALSE";
        // Jobs change threads; by default each thread's part of the heap would keep what the largest job took of it.
        start.Environment["MALLOC_ARENA_MAX"] = "1";
        // Without it the kernels that MKL picks, and so the last bits of a result, depend on how its buffers happen to be aligned.
        if (workers.Deterministic) start.Environment["MKL_CBWR"] = "AUTO";
        return start;
    }
}
