namespace Azure.Compute.Batch;

public class BatchTask
{
    public string Id { get; internal set; } = "";
    public BatchTaskState State { get; internal set; }
    public DateTimeOffset StateTransitionTime { get; internal set; }
    public DateTimeOffset CreationTime { get; internal set; }
    public BatchTaskExecutionInfo? ExecutionInfo { get; internal set; }
    public BatchNodeInfo? NodeInfo { get; internal set; }
}

public class BatchTaskExecutionInfo
{
    internal BatchTaskExecutionInfo()
    {
    }

    public DateTimeOffset? StartTime { get; internal set; }
    public DateTimeOffset? EndTime { get; internal set; }
    public int? ExitCode { get; internal set; }
    public BatchTaskFailureInfo? FailureInfo { get; internal set; }
    public int RetryCount { get; internal set; }
    public int RequeueCount { get; internal set; }
}

public class BatchTaskFailureInfo
{
    internal BatchTaskFailureInfo()
    {
    }

    public string? Code { get; internal set; }
    public string? Message { get; internal set; }
}

public class BatchNodeInfo
{
    internal BatchNodeInfo()
    {
    }

    public string? NodeId { get; internal set; }
}

public class BatchPool
{
    internal BatchPool()
    {
    }

    public string Id { get; internal set; } = "";
    public AllocationState? AllocationState { get; internal set; }
    public IReadOnlyList<ResizeError> ResizeErrors { get; internal set; } = [];
    public int CurrentDedicatedNodes { get; internal set; }
    public int CurrentLowPriorityNodes { get; internal set; }
    public int? TargetDedicatedNodes { get; internal set; }
    public int? TargetLowPriorityNodes { get; internal set; }
    public AutoScaleRun? AutoScaleRun { get; internal set; }
}

public class ResizeError
{
    internal ResizeError()
    {
    }

    public string? Code { get; internal set; }
    public string? Message { get; internal set; }
}

public class AutoScaleRun
{
    internal AutoScaleRun()
    {
    }

    public AutoScaleRunError? Error { get; internal set; }
}

public class AutoScaleRunError
{
    internal AutoScaleRunError()
    {
    }

    public string? Code { get; internal set; }
    public string? Message { get; internal set; }
}

public class BatchNode
{
    internal BatchNode()
    {
    }

    public string Id { get; internal set; } = "";
    public BatchNodeState State { get; internal set; }
    public DateTimeOffset StateTransitionTime { get; internal set; }
    public bool? IsDedicated { get; internal set; }
    public IReadOnlyList<BatchNodeError> Errors { get; internal set; } = [];
    public BatchStartTaskInfo? StartTaskInfo { get; internal set; }
    public DateTimeOffset AllocationTime { get; internal set; }
    public IReadOnlyList<BatchTaskInfo> RecentTasks { get; internal set; } = [];
}

public class BatchTaskInfo
{
    internal BatchTaskInfo()
    {
    }

    public string? JobId { get; internal set; }
    public string? TaskId { get; internal set; }
    public BatchTaskState TaskState { get; internal set; }
    public BatchTaskExecutionInfo? ExecutionInfo { get; internal set; }
}

public class BatchNodeError
{
    internal BatchNodeError()
    {
    }

    public string? Code { get; internal set; }
    public string? Message { get; internal set; }
}

public class BatchStartTaskInfo
{
    internal BatchStartTaskInfo()
    {
    }

    public int? ExitCode { get; internal set; }
    public BatchTaskFailureInfo? FailureInfo { get; internal set; }
}
