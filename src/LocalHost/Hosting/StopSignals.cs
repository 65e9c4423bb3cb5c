using System.Runtime.InteropServices;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>Ctrl-C and its like: the first asks to stop in good order, the second does not ask.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource graceful = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private int count;

    /// <summary>Listens from now on.</summary>
    public StopSignals()
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP,
            PosixSignal.SIGQUIT])
            registrations.Add(PosixSignalRegistration.Create(signal, Handle));
    }

    /// <summary>Fires at the first signal.</summary>
    public CancellationToken Graceful => graceful.Token;

    /// <summary>Done at the second signal, just before the process ends.</summary>
    public Action BeforeHardStop { get; set; } = () => { };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        graceful.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref count) == 1)
        {
            // Not here: what waits for the token may run on, and the next signal must get through.
            _ = Task.Run(graceful.Cancel, CancellationToken.None);
            return;
        }
        BeforeHardStop();
        Environment.Exit(R1Cloud.LocalHost.Environments.ExitCode.Interrupted);
    }
}
