namespace R1Cloud.Hub.Wire;

/// <summary>
/// Closed while the Hub limits: one request waits and asks again, all others wait for it. Requests that were under way already take turns.
/// </summary>
internal sealed class RateGate : IDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private int closed;

    /// <summary>Waits while another has its turn.</summary>
    public async Task PassAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref closed) == 0) return;
        await turn.WaitAsync(cancellation);
        turn.Release();
    }

    /// <summary>Takes the turn: until it is given back, others wait.</summary>
    public async Task<IDisposable> CloseAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref closed);
        try
        {
            await turn.WaitAsync(cancellation);
        }
        catch
        {
            Interlocked.Decrement(ref closed);
            throw;
        }
        return new Turn(this);
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private sealed class Turn(RateGate gate) : IDisposable
    {
        public void Dispose()
        {
            gate.turn.Release();
            Interlocked.Decrement(ref gate.closed);
        }
    }
}
