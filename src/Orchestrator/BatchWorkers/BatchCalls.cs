using Azure;
using Azure.Compute.Batch;
using Azure.Identity;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>A Batch job takes no more tasks: it has ended, or is ending, or is gone.</summary>
internal sealed class JobOverException(BatchErrorCode code, Exception inner) : Exception(code.ToString(), inner)
{
    /// <summary>What Batch says of it.</summary>
    public BatchErrorCode Code { get; } = code;
}

/// <summary>Calls of Batch and what their errors mean. Tries again are the client's business: <see cref="BatchClients.Options"/>.</summary>
internal static class BatchCalls
{
    private static readonly BatchErrorCode[] Over =
        [BatchErrorCode.JobCompleted, BatchErrorCode.JobBeingTerminated, BatchErrorCode.JobBeingDeleted, BatchErrorCode.JobNotFound];

    /// <summary>Runs a call that need not find or change anything: these error codes count as success.</summary>
    /// <returns>False when one of the codes came back.</returns>
    /// <exception cref="JobOverException">Its job is over.</exception>
    public static async Task<bool> TryAsync<T>(Func<Task<T>> call, params BatchErrorCode[] fine)
    {
        try
        {
            await call();
            return true;
        }
        catch (RequestFailedException e) when (Find(fine, e) is not null)
        {
            return false;
        }
        catch (RequestFailedException e) when (Find(Over, e) is { } code)
        {
            throw new JobOverException(code, e);
        }
    }

    /// <summary>Runs a call; a failure becomes one sentence that says what to do.</summary>
    /// <exception cref="WorkerPoolException">Batch refuses, does not answer, or the app cannot sign in.</exception>
    public static async Task<T> ExplainAsync<T>(string what, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RequestFailedException e)
        {
            throw Explained(what, e, e);
        }
        catch (AggregateException e) when (e.InnerExceptions is [.., RequestFailedException last])
        {
            // After its last try the client throws the errors of all of them at once.
            throw Explained(what, last, e);
        }
        catch (AuthenticationFailedException e)
        {
            throw new WorkerPoolException(BatchAdvice.Explain(what, "the app cannot sign in (Authorization)", e.Message), e);
        }
    }

    private static BatchErrorCode? Find(BatchErrorCode[] codes, RequestFailedException error) =>
        codes.Cast<BatchErrorCode?>()
            .FirstOrDefault(code => string.Equals(code.ToString(), error.ErrorCode, StringComparison.OrdinalIgnoreCase));

    private static WorkerPoolException Explained(string what, RequestFailedException error, Exception cause) =>
        new(
            BatchAdvice.Explain(what, error.ErrorCode ?? (error.Status == 0 ? "no answer" : $"status {error.Status}"), error.Message),
                cause);
}
