using System.Text;

namespace R1Cloud.Shared.Processes;

/// <summary>A writer to a terminal: nothing passes that is not <see cref="Printable"/>.</summary>
/// <param name="inner">The terminal's writer.</param>
public sealed class PrintableWriter(TextWriter inner) : TextWriter
{
    /// <summary>A writer that lets only printable text through to another.</summary>
    public static PrintableWriter Over(TextWriter writer) => writer as PrintableWriter ?? new(writer);

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Writes a text in place of the line that the cursor stands in.</summary>
    public void Rewrite(string text) => inner.Write("\r" + Printable.Of(text));

    /// <inheritdoc/>
    public override void Write(char value) => inner.Write(char.IsSurrogate(value) ? value.ToString() : Printable.Of(value.ToString()));

    /// <inheritdoc/>
    public override void Write(string? value) => inner.Write(value is null ? null : Printable.Of(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer) => Write(new string(buffer));

    /// <inheritdoc/>
    public override void WriteLine() => inner.WriteLine();

    /// <inheritdoc/>
    public override void WriteLine(string? value)
    {
        Write(value);
        inner.WriteLine();
    }

    /// <inheritdoc/>
    public override void WriteLine(ReadOnlySpan<char> buffer) => WriteLine(new string(buffer));

    /// <inheritdoc/>
    public override Task WriteAsync(string? value) => inner.WriteAsync(value is null ? null : Printable.Of(value));

    /// <inheritdoc/>
    public override Task WriteAsync(ReadOnlyMemory<char> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(Printable.Of(buffer.ToString()).AsMemory(), cancellationToken);

    /// <inheritdoc/>
    public override Task WriteLineAsync(string? value) => inner.WriteLineAsync(value is null ? null : Printable.Of(value));

    /// <inheritdoc/>
    public override Task WriteLineAsync(ReadOnlyMemory<char> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteLineAsync(Printable.Of(buffer.ToString()).AsMemory(), cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override Task FlushAsync() => inner.FlushAsync();
}
