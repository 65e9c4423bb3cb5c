using Microsoft.DurableTask;
using Port = R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>Durable Task's failures as the port's.</summary>
internal static class DurableFailures
{
    /// <summary>Waits; a call that failed permanently throws the port's exception.</summary>
    public static async Task<T> TranslateAsync<T>(Task<T> call)
    {
        try
        {
            return await call;
        }
        catch (TaskFailedException e)
        {
            throw new Port.TaskFailedException(e.TaskName, From(e));
        }
    }

    /// <summary>The other way: an orchestrator that lets a failed call's exception pass fails with its causes on record.</summary>
    public static TaskFailedException Back(Port.TaskFailedException failed) => new(failed.TaskName, -1, To(failed.Details));

    // How a call failed. A sub-orchestration that was terminated leaves no details.
    private static Port.FailureDetails From(TaskFailedException failed) => failed.FailureDetails is { } details
        ? From(details)
        : new(typeof(OperationCanceledException).FullName!, $"{failed.TaskName} was terminated: {failed.Message}");

    private static TaskFailureDetails To(Port.FailureDetails failure) => new(
        failure.ErrorType, failure.ErrorMessage, failure.StackTrace, failure.Inner is { } inner ? To(inner) : null, null);

    /// <summary>A failure with its causes.</summary>
    public static Port.FailureDetails From(TaskFailureDetails failure) => new(
        failure.ErrorType, failure.ErrorMessage, failure.StackTrace, failure.InnerFailure is { } inner ? From(inner) : null);
}
