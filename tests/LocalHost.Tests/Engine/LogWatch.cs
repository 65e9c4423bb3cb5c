using Microsoft.Extensions.Logging;

namespace R1Cloud.LocalHost.Tests.Engine;

/// <summary>Tells of every line of a log: its category, its event and its text.</summary>
internal sealed class LogWatch(Action<string, EventId, string> told) : ILoggerProvider
{
    /// <summary>Loggers that tell.</summary>
    public static ILoggerFactory Create(Action<string, EventId, string> told) =>
        LoggerFactory.Create(logging => logging.AddProvider(new LogWatch(told)));

    public ILogger CreateLogger(string categoryName) => new Lines(categoryName, told);

    public void Dispose()
    {
    }

    private sealed class Lines(string category, Action<string, EventId, string> told) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            told(category, eventId, formatter(state, exception));
    }
}
