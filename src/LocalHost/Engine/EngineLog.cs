namespace R1Cloud.LocalHost.Engine;

/// <summary>What the engine logs.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "Engine started on {Path}: {Instances} instances with messages, {Activities} activities and {Timers} timers to go on with")]
    public static partial void Started(ILogger logger, string path, int instances, int activities, int timers);

    [LoggerMessage(2, LogLevel.Information, "Engine stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(3, LogLevel.Critical, "Engine stops: its storage failed")]
    public static partial void StorageFailed(ILogger logger, Exception error);

    [LoggerMessage(4, LogLevel.Warning, "Activity {Name} failed")]
    public static partial void ActivityFailed(ILogger logger, string name, Exception error);

    [LoggerMessage(5, LogLevel.Error, "Orchestration {Name} instance {InstanceId} failed: {ErrorType}: {ErrorMessage}")]
    public static partial void InstanceFailed(ILogger logger, string name, string instanceId, string errorType, string errorMessage);

    [LoggerMessage(6, LogLevel.Warning, "A decision of orchestration {Name} instance {InstanceId} took {Milliseconds} ms; orchestrator code must not block or compute")]
    public static partial void SlowDecision(ILogger logger, string name, string instanceId, long milliseconds);
}
