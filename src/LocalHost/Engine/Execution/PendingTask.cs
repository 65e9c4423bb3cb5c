using System.Text.Json;
using R1Cloud.LocalHost.Engine.History;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>An activity, sub-orchestration or timer that the code has asked for and that has not come back.</summary>
/// <param name="taskName">What a failure is called after.</param>
internal sealed class PendingTask(string taskName)
{
    // Without RunContinuationsAsynchronously: continuations must go to the decision's scheduler, not the thread pool.
    private readonly TaskCompletionSource<JsonElement> source = new();

    /// <summary>What the code awaits.</summary>
    public Task<JsonElement> Task => source.Task;

    /// <summary>Completes the task with the message that answers it.</summary>
    public void Complete(HistoryEvent answer)
    {
        if (answer is TaskFailed failed)
            source.SetException(new TaskFailedException(taskName, failed.Failure));
        else
            source.SetResult((answer as TaskCompleted)?.Result ?? HistoryJson.Null);
    }

    /// <summary>Cancels the task.</summary>
    public void Cancel(CancellationToken cancellation) => source.SetCanceled(cancellation);
}
