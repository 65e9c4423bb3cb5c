using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>A logger that is silent while its orchestration replays.</summary>
internal sealed class ReplaySafeLogger(ILogger logger, IOrchestrationContext context) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => logger.BeginScope(state);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => !context.IsReplaying && logger.IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            logger.Log(logLevel, eventId, state, exception, formatter);
    }
}
