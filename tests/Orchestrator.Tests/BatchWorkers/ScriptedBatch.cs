using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Compute.Batch;
using Azure.Core;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>Azure Batch in memory: does what it is told by the adapter, and lets happen what a test scripts.</summary>
internal sealed class ScriptedBatch(TimeProvider clock) : BatchClient
{
    private readonly Dictionary<string, Dictionary<string, ScriptedTask>> jobs = new(StringComparer.Ordinal);
    private readonly Queue<RequestFailedException> refusals = new();

    public Dictionary<string, ScriptedNode> Nodes { get; } = [];
    public List<ResizeError> ResizeErrors { get; } = [];
    public AutoScaleRunError? AutoScaleError { get; set; }
    public bool PoolExists { get; set; } = true;
    public int Calls { get; private set; }
    public List<string> Terminated { get; } = [];

    /// <summary>What Batch says of a job that has ended: it may still be on its way.</summary>
    public string EndedCode { get; set; } = "JobCompleted";

    /// <summary>The ranges of files that were asked for.</summary>
    public List<string?> Ranges { get; } = [];
    public IReadOnlyCollection<string> Jobs => jobs.Keys;

    public ScriptedTask this[string job, string task] => jobs[job][task];

    public IEnumerable<ScriptedTask> Tasks(string job) => jobs[job].Values;

    /// <summary>Lets the next calls fail.</summary>
    public void Refuse(int times, int status, string code)
    {
        for (var i = 0; i < times; i++) refusals.Enqueue(Error(status, code));
    }

    /// <summary>Batch gives waiting tasks to idle nodes.</summary>
    public void Schedule()
    {
        foreach (var task in jobs.Values.SelectMany(job => job.Values).Where(task => task.State == BatchTaskState.Active))
        {
            if (Nodes.Values.FirstOrDefault(node =>
                node.IsIdle && !jobs.Values.SelectMany(job => job.Values)
                .Any(other => other.Node == node.Id && other.State == BatchTaskState.Running)) is not { } node)
                return;
            task.Move(BatchTaskState.Running, clock.GetUtcNow());
            task.Node = node.Id;
            task.Start = clock.GetUtcNow();
            task.End = null;
        }
    }

    /// <summary>A spot node is taken away: its tasks wait again, without a retry.</summary>
    public void Preempt(string nodeId)
    {
        Nodes.Remove(nodeId);
        foreach (var task in jobs.Values.SelectMany(job => job.Values)
            .Where(task => task.Node == nodeId && task.State == BatchTaskState.Running))
        {
            task.Requeues++;
            task.Node = null;
            task.Start = null;
            task.Move(BatchTaskState.Active, clock.GetUtcNow());
        }
    }

    /// <summary>A task's process ends; after failures Batch itself starts it again as often as its constraints say.</summary>
    public void Exit(string job, string taskId, int code, string stderr = "")
    {
        var task = jobs[job][taskId];
        task.ExitCode = code;
        task.StandardError = stderr;
        if (code != 0 && task.Retries < task.Options.Constraints!.MaxTaskRetryCount)
        {
            task.Retries++;
            task.Start = clock.GetUtcNow();
            return;
        }
        task.End = clock.GetUtcNow();
        task.Move(BatchTaskState.Completed, clock.GetUtcNow());
    }

    public override Task<Response> CreateJobAsync(BatchJobCreateOptions job, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
        CancellationToken cancellationToken = default)
    {
        Call();
        job.PoolInfo.PoolId.ShouldBe("gpu");
        if (Terminated.Contains(job.Id) && EndedCode == "JobBeingDeleted") throw Error(409, EndedCode);
        return jobs.TryAdd(job.Id, []) ? Ok() : throw Error(409, "JobExists");
    }

    public override Task<Response> CreateTaskAsync(
        string jobId, BatchTaskCreateOptions task, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
            CancellationToken cancellationToken = default)
    {
        Call();
        if (Terminated.Contains(jobId)) throw Error(409, EndedCode);
        return Job(jobId).TryAdd(task.Id, new(task, clock.GetUtcNow())) ? Ok() : throw Error(409, "TaskExists");
    }

    public override AsyncPageable<BatchTask> GetTasksAsync(
        string jobId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, int? maxresults = null, string? filter = null,
        IEnumerable<string>? select = null, IEnumerable<string>? expand = null, CancellationToken cancellationToken = default)
    {
        Call();
        return Pages(Job(jobId).Values.Select(task => task.Model));
    }

    public override Task<Response<BinaryData>> GetTaskFileAsync(
        string jobId, string taskId, string filePath, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
        RequestConditions? requestConditions = null, string? ocpRange = null, CancellationToken cancellationToken = default)
    {
        Call();
        Ranges.Add(ocpRange);
        var text = StandardError(jobId, taskId);
        var range = ocpRange?["bytes=".Length..].Split('-').Select(int.Parse).ToArray() ?? [0, text.Length - 1];
        return Task.FromResult(Response.FromValue(new BinaryData(text[range[0]..(range[1] + 1)]), new Answer(200)));
    }

    public override Task<Response<BatchFileProperties>> GetTaskFilePropertiesAsync(
        string jobId, string taskId, string filePath, TimeSpan? timeout = null, DateTimeOffset? ocpdate = null,
            CancellationToken cancellationToken = default)
    {
        Call();
        return Task.FromResult(
            Response.FromValue<BatchFileProperties>(null!,
                new Answer(200, new() { ["Content-Length"] = $"{StandardError(jobId, taskId).Length}" })));
    }

    private byte[] StandardError(string jobId, string taskId)
    {
        var task = Job(jobId)[taskId];
        return task.Node is { } node && Nodes.ContainsKey(node)
            ? System.Text.Encoding.UTF8.GetBytes(task.StandardError) : throw Error(404, "FileNotFound");
    }

    public override Task<Response> TerminateTaskAsync(
        string jobId, string taskId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
            RequestConditions? requestConditions = null, CancellationToken cancellationToken = default)
    {
        Call();
        var task = Job(jobId)[taskId];
        task.End = clock.GetUtcNow();
        task.Move(BatchTaskState.Completed, clock.GetUtcNow());
        return Ok();
    }

    public override Task<TerminateJobOperation> TerminateJobAsync(
        WaitUntil waitUntil, string jobId, BatchJobTerminateOptions? parameters = null, TimeSpan? timeOutInSeconds = null,
            DateTimeOffset? ocpDate = null, bool? force = null,
        RequestConditions? requestConditions = null, CancellationToken cancellationToken = default)
    {
        Call();
        if (Terminated.Contains(jobId)) throw Error(409, EndedCode);
        foreach (var task in Job(jobId).Values.Where(task => task.State != BatchTaskState.Completed))
        {
            task.End = clock.GetUtcNow();
            task.Move(BatchTaskState.Completed, clock.GetUtcNow());
        }
        Terminated.Add(jobId);
        return Task.FromResult<TerminateJobOperation>(null!);
    }

    public override Task<Response<BatchPool>> GetPoolAsync(
        string poolId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, RequestConditions? requestConditions = null,
        IEnumerable<string>? select = null, IEnumerable<string>? expand = null, CancellationToken cancellationToken = default)
    {
        Call();
        if (!PoolExists) throw Error(404, "PoolNotFound");
        var waiting = jobs.Values.SelectMany(job => job.Values).Count(task => task.State != BatchTaskState.Completed);
        return Task.FromResult(Response.FromValue(
            ComputeBatchModelFactory.BatchPool(
                id: poolId, allocationState: AllocationState.Steady, resizeErrors: ResizeErrors,
                currentDedicatedNodes: Nodes.Values.Count(node => node.Dedicated),
                    currentLowPriorityNodes: Nodes.Values.Count(node => !node.Dedicated),
                targetDedicatedNodes: 0, targetLowPriorityNodes: waiting,
                autoScaleRun: ComputeBatchModelFactory.AutoScaleRun(error: AutoScaleError)),
            new Answer(200)));
    }

    public override AsyncPageable<BatchNode> GetNodesAsync(
        string poolId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, int? maxresults = null, string? filter = null,
        IEnumerable<string>? select = null, CancellationToken cancellationToken = default)
    {
        Call();
        if (!PoolExists) throw Error(404, "PoolNotFound");
        return Pages(Nodes.Values.Select(node => node.Model));
    }

    public override Task<Response> DisableNodeSchedulingAsync(
        string poolId, string nodeId, BatchNodeDisableSchedulingOptions? options = null, TimeSpan? timeout = null,
            DateTimeOffset? requestDate = null,
        CancellationToken cancellationToken = default)
    {
        Call();
        if (Nodes[nodeId].State == BatchNodeState.Offline) throw Error(409, "NodeAlreadyInTargetSchedulingState");
        Nodes[nodeId].State = BatchNodeState.Offline;
        return Ok();
    }

    private Dictionary<string, ScriptedTask> Job(string id) => jobs.TryGetValue(id, out var job) ? job : throw Error(404, "JobNotFound");

    private void Call()
    {
        Calls++;
        if (refusals.TryDequeue(out var refusal)) throw refusal;
    }

    private static Task<Response> Ok() => Task.FromResult<Response>(new Answer(201));

    private static RequestFailedException Error(int status, string code) => new(status, $"The service says {code}.", code, null);

    private static AsyncPageable<T> Pages<T>(IEnumerable<T> items)
        where T : notnull => AsyncPageable<T>.FromPages([Page<T>.FromValues([.. items], null, new Answer(200))]);
}

/// <summary>A task as Batch would have it.</summary>
internal sealed class ScriptedTask(BatchTaskCreateOptions options, DateTimeOffset created)
{
    private DateTimeOffset? moved;

    public BatchTaskCreateOptions Options { get; } = options;
    public BatchTaskState State { get; private set; } = BatchTaskState.Active;
    public string? Node { get; set; }
    public DateTimeOffset? Start { get; set; }
    public DateTimeOffset? End { get; set; }
    public int? ExitCode { get; set; }
    public BatchTaskFailureInfo? Failure { get; set; }
    public int Retries { get; set; }
    public int Requeues { get; set; }
    public string StandardError { get; set; } = "";

    public BatchTask Model => ComputeBatchModelFactory.BatchTask(
        id: Options.Id, creationTime: created, state: State, stateTransitionTime: moved ?? created,
        nodeInfo: Node is null ? null : ComputeBatchModelFactory.BatchNodeInfo(nodeId: Node),
        executionInfo: ComputeBatchModelFactory.BatchTaskExecutionInfo(
            startTime: Start, endTime: End, exitCode: ExitCode, failureInfo: Failure, retryCount: Retries, requeueCount: Requeues));

    public void Move(BatchTaskState state, DateTimeOffset now) => (State, moved) = (state, now);
}

/// <summary>A node as Batch would have it.</summary>
internal sealed class ScriptedNode(string id, DateTimeOffset created, bool dedicated = false)
{
    public string Id { get; } = id;
    public bool Dedicated { get; } = dedicated;
    public BatchNodeState State { get; set; } = BatchNodeState.Idle;
    public List<BatchNodeError> Errors { get; } = [];
    public BatchStartTaskInfo? StartTask { get; set; }

    /// <summary>When the pool got it; null where Batch does not say.</summary>
    public DateTimeOffset? Allocated { get; init; }

    /// <summary>Jobs of other runs that had tasks there, with when they began.</summary>
    public List<(string Job, DateTimeOffset Start)> Others { get; } = [];
    public bool IsIdle => State == BatchNodeState.Idle;
    public BatchNode Model =>
        ComputeBatchModelFactory.BatchNode(id: Id, state: State, stateTransitionTime: created, isDedicated: Dedicated, errors: Errors,
            startTaskInfo: StartTask, allocationTime: Allocated ?? default,
            recentTasks: Others.Select(other => ComputeBatchModelFactory.BatchTaskInfo(jobId: other.Job,
                taskState: BatchTaskState.Completed,
                executionInfo: ComputeBatchModelFactory.BatchTaskExecutionInfo(startTime: other.Start))));
}

/// <summary>An HTTP answer with nothing but a status and headers.</summary>
internal sealed class Answer(int status, Dictionary<string, string>? headers = null) : Response
{
    private readonly Dictionary<string, string> headers = new(headers ?? [], StringComparer.OrdinalIgnoreCase);

    public override int Status => status;
    public override string ReasonPhrase => "";
    public override Stream? ContentStream { get; set; }
    public override string ClientRequestId { get; set; } = "";

    public override void Dispose()
    {
    }

    protected override bool ContainsHeader(string name) => headers.ContainsKey(name);

    protected override IEnumerable<HttpHeader> EnumerateHeaders() => headers.Select(header => new HttpHeader(header.Key, header.Value));

    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => headers.TryGetValue(name, out value);

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = TryGetHeader(name, out var value) ? [value] : null;
        return values is not null;
    }
}
