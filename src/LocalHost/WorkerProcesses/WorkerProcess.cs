using System.Diagnostics;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>Keeps one worker process alive until told to stop.</summary>
/// <remarks>
/// The worker's standard input is a pipe that nobody writes to: when this process ends, however it ends, the worker reads its end and goes.
/// </remarks>
internal sealed partial class WorkerProcess(
    string name, Func<ProcessStartInfo> start, string logFile, LeaseReturn? lease, WorkerPoolOptions options, TimeProvider time,
        ILogger log)
    : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private Process? process;
    private WorkerView view = new(name, "", "starting", 0);
    private Task supervision = Task.CompletedTask;

    /// <summary>The worker for display.</summary>
    public WorkerView View
    {
        get { lock (gate) return view; }
    }

    /// <summary>The last thing that went wrong.</summary>
    public string? LastError { get; private set; }

    /// <summary>Called with the error once the worker cannot be brought to live.</summary>
    public required Action<string> OnBroken { get; init; }

    /// <summary>Starts and keeps it running.</summary>
    public void Start() => supervision = Task.Run(SuperviseAsync, CancellationToken.None);

    /// <summary>Asks it to save and leave; kills it after the grace. Returns once it is gone.</summary>
    public async Task StopAsync()
    {
        Signal();
        if (await Task.WhenAny(supervision, Task.Delay(options.Grace, time, CancellationToken.None)) != supervision)
        {
            LogKilled(log, name, options.Grace.TotalSeconds);
            Kill();
        }
        await supervision;
    }

    /// <summary>Ends it at once.</summary>
    public void Kill()
    {
        stopping.Cancel();
        lock (gate)
        {
            if (process is { HasExited: false } running) running.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Stops it permanently.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
    }

    private void Signal()
    {
        stopping.Cancel();
        lock (gate)
        {
            view = view with { State = "stopping" };
            if (process is { HasExited: false } running) ProcessSignals.Terminate(running);
        }
    }

    private async Task SuperviseAsync()
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            // What the last process left, perhaps one of a host before this one.
            if (lease is not null) await ReturnLeaseAsync(lease);
            var began = time.GetTimestamp();
            var (code, lastWords) = await RunOnceAsync();
            if (stopping.IsCancellationRequested) break;

            var lived = time.GetElapsedTime(began);
            failures = lived >= options.WellAfter ? 0 : failures;
            if (code == ExitCodes.Preempted && lived >= options.FirstDelay)
            {
                LogPreempted(log, name);
            }
            else
            {
                failures++;
                LastError = $"{name} ended after {lived.TotalSeconds:0.#} s with exit "
                    + $"code {code}{(lastWords.Length > 0 ? ": " + lastWords : "")}";
                LogDied(log, LastError);
                if (failures == options.BrokenAfter) OnBroken(LastError);
            }

            lock (gate) view = view with { State = "starting", Location = "", Restarts = view.Restarts + 1 };
            try
            {
                await Task.Delay(options.DelayAfter(failures), time, stopping.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        lock (gate) view = view with { State = "stopped" };
    }

    private async Task<(int Code, string LastWords)> RunOnceAsync()
    {
        WorkerLog output;
        try
        {
            output = new WorkerLog(logFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (-1, $"its log cannot be opened: {e.Message}");
        }
        using var _ = output;
        Process started;
        try
        {
            lock (gate)
            {
                if (stopping.IsCancellationRequested) return (ExitCodes.Preempted, "");
                started = process = Process.Start(start()) ?? throw new InvalidOperationException("The process did not start.");
                view = view with { State = "running", Location = $"pid {started.Id}", StartedAt = time.GetUtcNow() };
            }
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return (-1, e.Message);
        }

        using (started)
        {
            var copying =
                Task.WhenAll(output.CopyAsync(started.StandardOutput, isError: false),
                    output.CopyAsync(started.StandardError, isError: true));
            await started.WaitForExitAsync(CancellationToken.None);
            if (lease is not null) await ReturnLeaseAsync(lease);
            // A child of the worker may hold the pipes open: what it says later is of no interest.
            await Task.WhenAny(copying, Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None));
            lock (gate) process = null;
            return (started.ExitCode, output.LastErrors);
        }
    }

    private async Task ReturnLeaseAsync(LeaseReturn lease)
    {
        try
        {
            await lease.ReturnAsync(stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The host is leaving; the next one gives it back.
        }
    }

    [LoggerMessage(3001, LogLevel.Warning, "{Error}")]
    private static partial void LogDied(ILogger log, string error);

    [LoggerMessage(3002, LogLevel.Information, "{Worker} was preempted and starts again")]
    private static partial void LogPreempted(ILogger log, string worker);

    [LoggerMessage(3003, LogLevel.Warning, "{Worker} did not leave within {Seconds} s and is killed")]
    private static partial void LogKilled(ILogger log, string worker, double seconds);
}
