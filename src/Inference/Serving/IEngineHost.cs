using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Wire;

namespace R1Cloud.Inference.Serving;

/// <summary>Where an engine's server comes from.</summary>
public interface IEngineHost : IAsyncDisposable
{
    /// <summary>How errors call it.</summary>
    string Name { get; }

    /// <summary>Whether it is started from here, and can be started again.</summary>
    bool Starts { get; }

    /// <summary>The way to a server that runs; null where none does.</summary>
    IEngineProtocol? Running { get; }

    /// <summary>Starts a server, after ending one that runs.</summary>
    /// <param name="folder">The weights.</param>
    /// <param name="seed">What the server's noise is derived from, where requests cannot say theirs.</param>
    /// <param name="cancellation">Gives up; none is left running.</param>
    /// <exception cref="EngineException">It did not come up; the message has the last lines of its log.</exception>
    Task<IEngineProtocol> StartAsync(string folder, ulong seed, CancellationToken cancellation);
}

/// <summary>A server that others started.</summary>
/// <param name="protocol">The way to it.</param>
public sealed class AttachedEngine(IEngineProtocol protocol) : IEngineHost
{
    /// <inheritdoc/>
    public string Name => protocol.Address.Authority;

    /// <inheritdoc/>
    public bool Starts => false;

    /// <inheritdoc/>
    public IEngineProtocol? Running => protocol;

    /// <inheritdoc/>
    public Task<IEngineProtocol> StartAsync(string folder, ulong seed, CancellationToken cancellation) =>
        throw new NotSupportedException($"{Name} was started by others.");

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        protocol.Dispose();
        return ValueTask.CompletedTask;
    }
}
