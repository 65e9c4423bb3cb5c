using R1Cloud.Shared.Processes;

namespace R1Cloud.Inference.Processes;

/// <summary>The last lines of what a process wrote.</summary>
internal sealed class LogTail
{
    private const int Kept = 40;
    private readonly Queue<string> lines = new();

    /// <summary>Reads until the end.</summary>
    public async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            lock (lines)
            {
                lines.Enqueue(Printable.Of(line));
                if (lines.Count > Kept) lines.Dequeue();
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        lock (lines) return string.Join('\n', lines);
    }
}
