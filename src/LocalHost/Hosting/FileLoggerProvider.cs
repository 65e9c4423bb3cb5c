using System.Globalization;
using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>The host's log as lines of a file; the file of the start before is kept beside it as <c>.old</c>.</summary>
internal sealed class FileLoggerProvider(string path, TimeProvider time) : ILoggerProvider
{
    private readonly LogFile file = new(path, append: false);
    private readonly TimeProvider time = time;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new FileLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private sealed class FileLogger(FileLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            var line = string.Create(CultureInfo.InvariantCulture,
                $"{owner.time.GetUtcNow():O} {logLevel,-11} {category}: {formatter(state, exception)}");
            owner.file.WriteLine(exception is null ? line : line + Environment.NewLine + exception);
        }
    }
}
