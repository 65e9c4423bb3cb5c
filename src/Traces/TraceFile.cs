using Parquet.Serialization;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Traces;

/// <summary>An iteration's trace: one Parquet file, the same bits for the same rows.</summary>
public sealed class TraceFile : ITraceReader
{
    /// <summary>Writes rows.</summary>
    /// <param name="rows">In the order of questions and samples.</param>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Stops.</param>
    public static async Task WriteAsync(IReadOnlyList<TraceRow> rows, string path, CancellationToken cancellation)
    {
        await using var file = File.Create(path);
        await ParquetSerializer.SerializeAsync(rows, file, cancellationToken: cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TraceRow>> ReadAsync(BinaryData content, CancellationToken cancellation)
    {
        await using var stream = new MemoryStream(content.ToArray(), writable: false);
        return [.. (await ParquetSerializer.DeserializeAsync<TraceRow>(stream, cancellationToken: cancellation)).Data];
    }
}
