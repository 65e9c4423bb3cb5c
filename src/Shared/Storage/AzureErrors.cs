using System.Net.Sockets;
using Azure;

namespace R1Cloud.Shared.Storage;

/// <summary>Says in one sentence what an Azure client's exception means: the operation, the place, the reason, and what to do.</summary>
internal static class AzureErrors
{
    /// <summary>Runs an operation; what the client's own retries did not mend becomes a <see cref="StorageException"/>.</summary>
    public static async Task<T> RunAsync<T>(string operation, Uri endpoint, CancellationToken cancellation, Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (e is not StorageException && !(e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            throw Explain(operation, endpoint, e);
        }
    }

    private static StorageException Explain(string operation, Uri endpoint, Exception error)
    {
        // After its last retry the client throws all tries' errors at once: the last one is as good as any.
        var cause = error is AggregateException { InnerExceptions: [.., var last] } ? last : error;
        var place = endpoint.GetLeftPart(UriPartial.Path);
        return cause switch
        {
            RequestFailedException { Status: 0 } or OperationCanceledException or HttpRequestException or HttpIOException
                or IOException { InnerException: SocketException } =>
                new StorageAwayException($"Cannot reach storage at {place} while {operation}: {Innermost(cause).Message}.{Hint(endpoint)}",
                    error),
            RequestFailedException away when IsAway(away) =>
                new StorageAwayException(
                    $"Storage at {place} does not answer for now "
                    + $"while {operation}: {away.Status} {away.ErrorCode} {FirstLine(away.Message)}", error),
            RequestFailedException { Status: 401 or 403 } denied =>
                new StorageException($"Storage at {place} denies {operation} ({denied.ErrorCode}): check the key, or the identity's roles.",
                    error),
            RequestFailedException refused =>
                new StorageException(
                    $"Storage at {place} refuses {operation}: {refused.Status} {refused.ErrorCode} {FirstLine(refused.Message)}", error)
                {
                    IsMissing = refused.ErrorCode is "QueueNotFound" or "ContainerNotFound",
                },
            IOException => LocalFiles.Failure(operation, place, cause),
            _ => new StorageException($"Failed {operation} at {place}: {FirstLine(cause.Message)}", error),
        };
    }

    // Busy, throttled or failing inside; a queue or container that is being removed can be made again some time later.
    private static bool IsAway(RequestFailedException error) =>
        error.Status is 408 or 429 or >= 500 || error.ErrorCode is "QueueBeingDeleted" or "ContainerBeingDeleted";

    private static string Hint(Uri endpoint) => endpoint.IsLoopback ? " Is Azurite running?" : "";

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;

    private static string FirstLine(string message) => message.AsSpan().TrimStart().ToString().Split('\n')[0].TrimEnd();
}
