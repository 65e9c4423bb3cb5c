namespace R1Cloud.Shared.Storage;

/// <summary>
/// Writes what follows after the bytes that an earlier try has brought: a download that begins again goes on where it broke off.
/// </summary>
/// <param name="inner">The stream written to; left open.</param>
/// <param name="known">Bytes that it has already.</param>
internal sealed class ResumedStream(Stream inner, long known) : Stream
{
    /// <summary>Bytes of the content that came so far, those skipped included.</summary>
    public long Seen { get; private set; }

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => Seen;
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner.Write(buffer[Skipped(buffer.Length)..]);
        Seen += buffer.Length;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await inner.WriteAsync(buffer[Skipped(buffer.Length)..], cancellationToken);
        Seen += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override void Flush() => inner.Flush();
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    private int Skipped(int length) => (int)Math.Clamp(known - Seen, 0, length);
}
