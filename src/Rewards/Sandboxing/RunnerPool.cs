namespace R1Cloud.Rewards.Sandboxing;

/// <summary>Keeps interpreters started and waiting in their sandboxes. Each takes one job and is replaced.</summary>
/// <param name="sandbox">Starts them.</param>
/// <param name="size">How many wait.</param>
internal sealed class RunnerPool(Sandbox sandbox, int size) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Queue<Runner> warm = new();
    private bool disposed;

    /// <summary>What the programs may use.</summary>
    public SandboxLimits Limits => sandbox.Limits;

    /// <summary>The language's name.</summary>
    public string Language => sandbox.Interpreter.Language;

    /// <summary>Takes a runner that is ready; the caller disposes or discards it.</summary>
    /// <exception cref="SandboxException">None can be started.</exception>
    public Runner Take()
    {
        Runner? runner;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            warm.TryDequeue(out runner);
        }
        ProcessStarter.Post(Fill);
        runner ??= sandbox.Start();
        try
        {
            runner.WaitReady();
            return runner;
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }

    /// <summary>Ends a runner now and clears it away soon, so that the verdict need not wait for it.</summary>
    public static void Discard(Runner runner)
    {
        runner.Kill();
        ProcessStarter.Post(runner.Dispose);
    }

    /// <summary>Ends all that wait.</summary>
    public void Dispose()
    {
        lock (gate) disposed = true;
        ProcessStarter.Drain();
        while (warm.TryDequeue(out var runner)) runner.Dispose();
    }

    private void Fill()
    {
        try
        {
            while (true)
            {
                lock (gate)
                {
                    if (disposed || warm.Count >= size) return;
                    warm.Enqueue(sandbox.Start());
                }
            }
        }
        catch (SandboxException)
        {
            // The next caller starts its runner itself and sees why it fails.
        }
    }
}
