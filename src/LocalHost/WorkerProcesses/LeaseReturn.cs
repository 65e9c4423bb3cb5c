using System.Diagnostics;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>
/// Gives back the message that a dead worker held, by the worker's own last receipt: another takes the job at once, not only when the
/// heartbeat lapses. Its loss is counted by the attempt's own blobs.
/// </summary>
/// <param name="file">The worker's lease; see <see cref="MessageLease"/>.</param>
/// <param name="open">Opens a queue.</param>
/// <param name="worker">The worker, for the log.</param>
/// <param name="log">The log.</param>
internal sealed partial class LeaseReturn(string file, Func<string, IMessageQueue> open, string worker, ILogger log)
{
    // A worker whose host was killed saves and puts its job back itself, for as long as it can.
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(2);

    /// <summary>The worker's lease.</summary>
    public string File { get; } = file;

    /// <summary>Gives back what the worker's last process left, if anything.</summary>
    public async Task ReturnAsync(CancellationToken cancellation)
    {
        if (MessageLease.TryRead(File) is not { } lease) return;
        try
        {
            await OrphanAsync(lease.ProcessId, cancellation);
            if (!System.IO.File.Exists(File)) return; // it has put the job back meanwhile
            var given = await open(lease.Queue).RenewAsync(lease.Message, TimeSpan.Zero, cancellation);
            MessageLease.Remove(File);
            if (given is not null) LogReturned(log, worker);
        }
        catch (StorageException e)
        {
            LogNotReturned(log, worker, e.Message);
        }
    }

    private static async Task OrphanAsync(int processId, CancellationToken cancellation)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            await process.WaitForExitAsync(cancellation).WaitAsync(OrphanGrace, cancellation);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or TimeoutException)
        {
            // It is gone, or stays: another may have its number by now.
        }
    }

    [LoggerMessage(3011, LogLevel.Information, "{Worker} died in the midst of a job, which was put back for another")]
    private static partial void LogReturned(ILogger log, string worker);

    [LoggerMessage(3012, LogLevel.Warning,
        "{Worker} died in the midst of a job; it comes back by itself when its heartbeat lapses: {Error}")]
    private static partial void LogNotReturned(ILogger log, string worker, string error);
}
