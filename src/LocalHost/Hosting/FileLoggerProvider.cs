using System.Globalization;
using System.Text;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>The host's log as lines of a file; the file of the start before is kept beside it as <c>.old</c>.</summary>
internal sealed class FileLoggerProvider : ILoggerProvider
{
    private readonly StreamWriter file;
    private readonly TimeProvider time;
    private bool closed;

    /// <summary>Opens the log.</summary>
    public FileLoggerProvider(string path, TimeProvider time)
    {
        this.time = time;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path)) File.Move(path, path + ".old", overwrite: true);
        file = new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete), Encoding.UTF8) { AutoFlush = true };
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new FileLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (file)
        {
            closed = true;
            file.Dispose();
        }
    }

    private sealed class FileLogger(FileLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"{owner.time.GetUtcNow():O} {logLevel,-11} {category}: {formatter(state, exception)}");
            lock (owner.file)
            {
                if (owner.closed) return;
                owner.file.WriteLine(line);
                if (exception is not null) owner.file.WriteLine(exception);
            }
        }
    }
}
