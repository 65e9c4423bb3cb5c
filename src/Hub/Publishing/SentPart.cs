using System.Net;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub.Publishing;

/// <summary>A part of a file as a request's body, read as it is sent.</summary>
/// <param name="file">The file.</param>
/// <param name="from">The part's first byte.</param>
/// <param name="length">Its bytes.</param>
/// <param name="sent">Told of every piece.</param>
internal sealed class SentPart(string file, long from, long length, Action sent) : HttpContent
{
    private const int Piece = 1 << 20;

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var content = RegularFile.OpenRead(file);
        content.Position = from;
        var buffer = new byte[(int)Math.Min(Piece, Math.Max(1, length))];
        for (var left = length; left > 0;)
        {
            var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken);
            if (read == 0) throw new IOException($"'{file}' has become shorter.");
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            left -= read;
            sent();
        }
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length1)
    {
        length1 = length;
        return true;
    }
}
