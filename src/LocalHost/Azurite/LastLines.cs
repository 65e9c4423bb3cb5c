namespace R1Cloud.LocalHost.Azurite;

/// <summary>The last few lines of a process's output.</summary>
internal sealed class LastLines
{
    private const int Kept = 20;

    private readonly Queue<string> lines = new();

    /// <summary>Adds a line; null is the end of the output.</summary>
    public void Add(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > Kept) lines.Dequeue();
        }
    }

    /// <summary>The lines, oldest first.</summary>
    public override string ToString()
    {
        lock (lines) return string.Join('\n', lines);
    }
}
