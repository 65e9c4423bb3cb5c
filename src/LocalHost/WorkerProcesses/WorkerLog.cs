using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>A worker's output: everything goes to a file, the last lines of its standard error are kept at hand.</summary>
internal sealed class WorkerLog : IDisposable
{
    private const int KeptLines = 12;
    private const long LongestFile = 16 << 20;

    private readonly LogFile file;
    private readonly Queue<string> errors = new();

    /// <summary>Opens the log; a long one is put aside as <c>.old</c> first.</summary>
    public WorkerLog(string path) => file = new(path, append: !File.Exists(path) || new FileInfo(path).Length <= LongestFile);

    /// <summary>The last lines of the standard error.</summary>
    public string LastErrors
    {
        get { lock (errors) return string.Join(Environment.NewLine, errors); }
    }

    /// <summary>
    /// Copies a stream's lines until it ends: a worker whose output nobody reads would stand still once the pipe is full.
    /// </summary>
    public async Task CopyAsync(StreamReader reader, bool isError)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            file.WriteLine(line);
            if (!isError) continue;
            lock (errors)
            {
                if (errors.Count == KeptLines) errors.Dequeue();
                errors.Enqueue(line);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
