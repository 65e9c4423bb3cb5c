using System.Buffers;
using System.Security.Cryptography;

namespace R1Cloud.Shared.Checkpoints;

/// <summary>Hashes what passes through it, each byte once: a reader may go back and read again, as retried uploads do.</summary>
/// <param name="inner">The stream read from or written to; left open.</param>
internal sealed class HashingStream(Stream inner) : Stream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long hashed;

    public override bool CanRead => inner.CanRead;
    public override bool CanSeek => inner.CanSeek;
    public override bool CanWrite => inner.CanWrite;
    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    /// <summary>Bytes hashed so far.</summary>
    public long Hashed => hashed;

    /// <summary>The SHA-256 of everything that passed, lower-case hex; what of a readable stream was skipped is read now.</summary>
    public async Task<string> FinishAsync(CancellationToken cancellation)
    {
        if (inner.CanRead && hashed < inner.Length)
        {
            inner.Position = hashed;
            var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
            while (await ReadAsync(buffer, cancellation) > 0)
            {
            }
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public override int Read(Span<byte> buffer)
    {
        var position = inner.Position;
        var read = inner.Read(buffer);
        Add(position, buffer[..read]);
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var position = inner.Position;
        var read = await inner.ReadAsync(buffer, cancellationToken);
        Add(position, buffer.Span[..read]);
        return read;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner.Write(buffer);
        Add(hashed, buffer);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await inner.WriteAsync(buffer, cancellationToken);
        Add(hashed, buffer.Span);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);
    public override void SetLength(long value) => inner.SetLength(value);
    public override void Flush() => inner.Flush();
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing) hash.Dispose();
        base.Dispose(disposing);
    }

    private void Add(long position, ReadOnlySpan<byte> bytes)
    {
        var known = hashed - position;
        if (known < 0 || known >= bytes.Length) return;
        hash.AppendData(bytes[(int)known..]);
        hashed += bytes.Length - known;
    }
}
