using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Lets runs begin while the host has room for them.</summary>
/// <param name="lister">Which runs are not finished.</param>
/// <param name="client">The orchestration engine.</param>
/// <param name="options">The limits.</param>
public sealed class RunAdmission(RunLister lister, IOrchestrationClient client, PipelineOptions options) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);

    /// <summary>Begins a run, one at a time.</summary>
    /// <param name="id">The run.</param>
    /// <param name="again">Whether a finished run of that id begins again; else it is left as it is, and needs no room.</param>
    /// <param name="begin">Begins it.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="TooManyException">So many others are active.</exception>
    public async Task<T> BeginAsync<T>(string id, bool again, Func<Task<T>> begin, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(begin);
        await gate.WaitAsync(cancellation);
        try
        {
            if (again || await client.GetAsync(id, cancellation) is null) await CheckAsync(id, cancellation);
            return await begin();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    private async Task CheckAsync(string id, CancellationToken cancellation)
    {
        var most = options.Limits.ActiveRuns;
        var active = 0;
        foreach (var other in await lister.ActiveAsync(cancellation))
        {
            // A run may be listed because it leaves something to be put in order: it takes no room.
            if (other == id || await client.GetAsync(other, cancellation) is not { IsFinished: false }) continue;
            if (++active < most) continue;
            throw new TooManyException(
                $"{most} runs are active, as many as this host allows at a time. Cancel one, or try again when one has ended.");
        }
    }
}
