using System.Text;
using R1Cloud.Shared.Processes;

namespace R1Cloud.LocalHost.Environments;

/// <summary>A log's file. What cannot be written, because the disk is full for one, is lost; what it tells of goes on.</summary>
internal sealed class LogFile : IDisposable
{
    private readonly StreamWriter writer;
    private readonly Lock gate = new();
    private bool closed;

    /// <summary>Opens it.</summary>
    /// <param name="path">The file; its folder is made.</param>
    /// <param name="append">Whether what is there stays; else the file is kept beside as <c>.old</c>.</param>
    public LogFile(string path, bool append)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!append && File.Exists(path)) File.Move(path, path + ".old", overwrite: true);
        var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
    }

    /// <summary>Writes a line, printable as logs are read on terminals; after the end nothing.</summary>
    public void WriteLine(string line)
    {
        lock (gate)
        {
            if (!closed) Try(() => writer.WriteLine(Printable.Of(line)));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            Try(writer.Dispose);
        }
    }

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
            // There is no other place to tell of it.
        }
    }
}
