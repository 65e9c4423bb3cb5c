namespace R1Cloud.LocalHost.Engine.History;

/// <summary>What the engine logs.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(3101, LogLevel.Information,
        "Engine started on {Path}: {Instances} instances with messages, {Activities} activities and {Timers} timers to go on with")]
    public static partial void Started(ILogger logger, string path, int instances, int activities, int timers);

    [LoggerMessage(3102, LogLevel.Information, "Engine stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(3103, LogLevel.Critical, "Engine stops: its storage failed")]
    public static partial void StorageFailed(ILogger logger, Exception error);

    [LoggerMessage(3104, LogLevel.Warning, "Activity {Name} failed")]
    public static partial void ActivityFailed(ILogger logger, string name, Exception error);

    [LoggerMessage(3105, LogLevel.Error, "Orchestration {Name} instance {InstanceId} failed: {ErrorType}: {ErrorMessage}")]
    public static partial void InstanceFailed(ILogger logger, string name, string instanceId, string errorType, string errorMessage);

    [LoggerMessage(3106, LogLevel.Warning,
        "A decision of orchestration {Name} instance {InstanceId} took {Milliseconds} ms; orchestrator code must not block or compute")]
    public static partial void SlowDecision(ILogger logger, string name, string instanceId, long milliseconds);

    [LoggerMessage(3107, LogLevel.Warning, "{Problem} Waiting, {Seconds} s so far")]
    public static partial void Locked(ILogger logger, string problem, int seconds);
}
