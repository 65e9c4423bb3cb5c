using Azure.Core;

// Compared with sdk/batch/Azure.Compute.Batch/api/Azure.Compute.Batch.net8.0.cs of Azure/azure-sdk-for-net, commit 18ec644b, which has the
// shapes that the readme of 1.0.0 shows (long operations take a WaitUntil). Tests override these methods: the order and the names of
// parameters count.
namespace Azure.Compute.Batch;

public class BatchClientOptions : ClientOptions
{
}

/// <summary>Members are virtual and the constructor is protected: tests subclass it.</summary>
public class BatchClient
{
    protected BatchClient()
    {
    }

    public BatchClient(Uri endpoint, TokenCredential credential, BatchClientOptions options) => throw Missing.Package;

    public virtual Task<Response> CreateJobAsync(
        BatchJobCreateOptions job, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
            CancellationToken cancellationToken = default) => throw Missing.Package;

    public virtual Task<Response> CreateTaskAsync(
        string jobId, BatchTaskCreateOptions task, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
            CancellationToken cancellationToken = default) =>
        throw Missing.Package;

    public virtual AsyncPageable<BatchTask> GetTasksAsync(
        string jobId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, int? maxresults = null, string? filter = null,
        IEnumerable<string>? select = null, IEnumerable<string>? expand = null, CancellationToken cancellationToken = default) =>
            throw Missing.Package;

    public virtual Task<Response<BinaryData>> GetTaskFileAsync(
        string jobId, string taskId, string filePath, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
        RequestConditions? requestConditions = null, string? ocpRange = null, CancellationToken cancellationToken = default) =>
            throw Missing.Package;

    public virtual Task<Response<BatchFileProperties>> GetTaskFilePropertiesAsync(
        string jobId, string taskId, string filePath, TimeSpan? timeout = null, DateTimeOffset? ocpdate = null,
        CancellationToken cancellationToken = default) => throw Missing.Package;

    public virtual Task<Response> TerminateTaskAsync(
        string jobId, string taskId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
            RequestConditions? requestConditions = null,
        CancellationToken cancellationToken = default) => throw Missing.Package;

    public virtual Task<TerminateJobOperation> TerminateJobAsync(
        WaitUntil waitUntil, string jobId, BatchJobTerminateOptions? parameters = null, TimeSpan? timeOutInSeconds = null,
            DateTimeOffset? ocpDate = null, bool? force = null,
        RequestConditions? requestConditions = null, CancellationToken cancellationToken = default) => throw Missing.Package;

    public virtual Task<Response<BatchPool>> GetPoolAsync(
        string poolId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, RequestConditions? requestConditions = null,
        IEnumerable<string>? select = null, IEnumerable<string>? expand = null, CancellationToken cancellationToken = default) =>
            throw Missing.Package;

    public virtual AsyncPageable<BatchNode> GetNodesAsync(
        string poolId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, int? maxresults = null, string? filter = null,
        IEnumerable<string>? select = null, CancellationToken cancellationToken = default) => throw Missing.Package;

    public virtual Task<Response> DisableNodeSchedulingAsync(
        string poolId, string nodeId, BatchNodeDisableSchedulingOptions? options = null, TimeSpan? timeout = null,
            DateTimeOffset? requestDate = null,
        CancellationToken cancellationToken = default) => throw Missing.Package;
}

/// <summary>Of a file's properties; its length is the answer's Content-Length.</summary>
public class BatchFileProperties
{
    internal BatchFileProperties()
    {
    }
}

/// <summary>A long-running operation; the adapter does not wait for it.</summary>
public class TerminateJobOperation
{
    protected TerminateJobOperation()
    {
    }
}

internal static class Missing
{
    public static Exception Package =>
        new NotSupportedException("This build has the signatures of Azure.Compute.Batch only: build with -p:AzurePackages=true.");
}
