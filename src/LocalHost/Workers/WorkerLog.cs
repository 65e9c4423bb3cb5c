using System.Text;

namespace R1Cloud.LocalHost.Workers;

/// <summary>A worker's output: everything goes to a file, the last lines of its standard error are kept at hand.</summary>
internal sealed class WorkerLog : IDisposable
{
    private const int KeptLines = 12;
    private const long LongestFile = 16 << 20;

    private readonly StreamWriter file;
    private readonly Queue<string> errors = new();
    private bool closed;

    /// <summary>Opens the log; a long one is put aside as <c>.old</c> first.</summary>
    public WorkerLog(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path) && new FileInfo(path).Length > LongestFile) File.Move(path, path + ".old", overwrite: true);
        file = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete), Encoding.UTF8) { AutoFlush = true };
    }

    /// <summary>The last lines of the standard error.</summary>
    public string LastErrors
    {
        get { lock (errors) return string.Join(Environment.NewLine, errors); }
    }

    /// <summary>Copies a stream's lines until it ends.</summary>
    public async Task CopyAsync(StreamReader reader, bool isError)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (errors)
            {
                if (closed) return;
                file.WriteLine(line);
                if (!isError) continue;
                if (errors.Count == KeptLines) errors.Dequeue();
                errors.Enqueue(line);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (errors)
        {
            closed = true;
            file.Dispose();
        }
    }
}
