using System.Text.Json.Serialization;

namespace R1Cloud.Pipeline.Orchestration;

/// <summary>An activity or sub-orchestration that an orchestrator awaited has failed permanently.</summary>
/// <param name="taskName">The activity's or orchestrator's name.</param>
/// <param name="details">How it failed.</param>
public sealed class TaskFailedException(string taskName, FailureDetails details)
    : Exception($"{taskName} failed: {details.ErrorMessage}")
{
    /// <summary>The name of the activity or orchestrator that failed.</summary>
    public string TaskName { get; } = taskName;

    /// <summary>How it failed.</summary>
    public FailureDetails Details { get; } = details;
}

/// <summary>A failure as it is recorded in a history: the exception's type and text survive, the object does not.</summary>
/// <param name="ErrorType">Full name of the exception's type.</param>
/// <param name="ErrorMessage">The exception's message.</param>
/// <param name="StackTrace">Where it was thrown, if known.</param>
/// <param name="Inner">What caused it, if anything.</param>
public sealed record FailureDetails(string ErrorType, string ErrorMessage, string? StackTrace = null, FailureDetails? Inner = null)
{
    private const int LongestChain = 24; // JSON nests no deeper than 64; what lies between the outer causes and the first is left out.

    /// <summary>Records an exception. A <see cref="TaskFailedException"/> keeps its own details as the cause.</summary>
    public static FailureDetails From(Exception exception)
    {
        var cause = exception switch
        {
            TaskFailedException failed => failed.Details,
            { InnerException: { } inner } => From(inner),
            _ => null,
        };
        var type = exception.GetType();
        return new(type.FullName ?? type.Name, exception.Message, exception.StackTrace, cause?.Length >= LongestChain ? cause.Root : cause);
    }

    private int Length => 1 + (Inner?.Length ?? 0);

    /// <summary>The first cause: the innermost failure.</summary>
    [JsonIgnore]
    public FailureDetails Root => Inner?.Root ?? this;

    /// <summary>Types and messages, cause by cause; a record's own text would follow <see cref="Root"/> for ever.</summary>
    public override string ToString() => Inner is null ? $"{ErrorType}: {ErrorMessage}" : $"{ErrorType}: {ErrorMessage} <- {Inner}";

    /// <summary>Whether this failure or one of its causes is of the given type, named with or without namespace.</summary>
    public bool IsCausedBy(string errorType) => IsOf(errorType) || (Inner?.IsCausedBy(errorType) ?? false);

    /// <summary>Whether this failure itself is of the given type, named with or without namespace.</summary>
    internal bool IsOf(string errorType) =>
        ErrorType == errorType || (ErrorType.EndsWith(errorType, StringComparison.Ordinal) && ErrorType[^(errorType.Length + 1)] == '.');
}
