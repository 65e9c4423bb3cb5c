namespace R1Cloud.Shared.Jobs;

/// <summary>Reads the traces that updates leave (docs/traces.md), in whatever format they are stored.</summary>
public interface ITraceReader
{
    /// <summary>A trace's rows, in the order of questions and samples.</summary>
    /// <param name="content">The trace's blob.</param>
    /// <param name="cancellation">Stops.</param>
    Task<IReadOnlyList<TraceRow>> ReadAsync(BinaryData content, CancellationToken cancellation);
}
