using System.Runtime.InteropServices;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// What tells a worker to save and leave: SIGTERM, Ctrl-C, or the end of its parent, seen as the end of its standard input.
/// </summary>
internal sealed class WorkerStopSignals : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly List<PosixSignalRegistration> registrations = [];

    /// <summary>Listens from now on.</summary>
    /// <param name="parentPipe">Whether the end of the standard input is the parent's end.</param>
    /// <param name="orphanGrace">How long the worker may save once its parent has gone.</param>
    public WorkerStopSignals(bool parentPipe, TimeSpan orphanGrace)
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP])
        {
            registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Fire();
            }));
        }
        if (parentPipe) _ = Task.Factory.StartNew(
            () => WatchParent(orphanGrace), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Fires at the first signal.</summary>
    public CancellationToken Token => stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        stop.Dispose();
    }

    private void Fire()
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is leaving already.
        }
    }

    private void WatchParent(TimeSpan orphanGrace)
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[64];
        while (input.Read(buffer) > 0)
        {
        }
        Fire();
        // Nobody is left who could kill it.
        Thread.Sleep(orphanGrace);
        Environment.Exit(Shared.Jobs.ExitCodes.Preempted);
    }
}
