namespace Azure.Compute.Batch;

/// <summary>Makes models for tests, as the package's does; always call with named arguments, of which the package has more.</summary>
public static class ComputeBatchModelFactory
{
    public static BatchTask BatchTask(
        string? id = null, DateTimeOffset creationTime = default, BatchTaskState state = default,
            DateTimeOffset stateTransitionTime = default,
        BatchTaskExecutionInfo? executionInfo = null, BatchNodeInfo? nodeInfo = null) => new()
        {
            Id = id ?? "", CreationTime = creationTime, State = state, StateTransitionTime = stateTransitionTime,
                ExecutionInfo = executionInfo, NodeInfo = nodeInfo,
        };

    public static BatchTaskExecutionInfo BatchTaskExecutionInfo(
        DateTimeOffset? startTime = null, DateTimeOffset? endTime = null, int? exitCode = null, BatchTaskFailureInfo? failureInfo = null,
        int retryCount = 0, int requeueCount = 0) => new()
        {
            StartTime = startTime, EndTime = endTime, ExitCode = exitCode, FailureInfo = failureInfo, RetryCount = retryCount,
                RequeueCount = requeueCount,
        };

    public static BatchTaskFailureInfo BatchTaskFailureInfo(string? code = null, string? message = null) =>
        new() { Code = code, Message = message };

    public static BatchNodeInfo BatchNodeInfo(string? nodeId = null) => new() { NodeId = nodeId };

    public static BatchPool BatchPool(
        string? id = null, AllocationState? allocationState = null, IEnumerable<ResizeError>? resizeErrors = null,
            int currentDedicatedNodes = 0,
        int currentLowPriorityNodes = 0, int? targetDedicatedNodes = null, int? targetLowPriorityNodes = null,
            AutoScaleRun? autoScaleRun = null) => new()
        {
            Id = id ?? "", AllocationState = allocationState, ResizeErrors = [.. resizeErrors ?? []],
                CurrentDedicatedNodes = currentDedicatedNodes,
            CurrentLowPriorityNodes = currentLowPriorityNodes, TargetDedicatedNodes = targetDedicatedNodes,
                TargetLowPriorityNodes = targetLowPriorityNodes,
            AutoScaleRun = autoScaleRun,
        };

    public static ResizeError ResizeError(string? code = null, string? message = null) => new() { Code = code, Message = message };

    public static AutoScaleRun AutoScaleRun(AutoScaleRunError? error = null) => new() { Error = error };

    public static AutoScaleRunError AutoScaleRunError(string? code = null, string? message = null) =>
        new() { Code = code, Message = message };

    public static BatchNode BatchNode(
        string? id = null, BatchNodeState state = default, DateTimeOffset stateTransitionTime = default,
            BatchStartTaskInfo? startTaskInfo = null,
        IEnumerable<BatchNodeError>? errors = null, bool? isDedicated = null, DateTimeOffset allocationTime = default,
        IEnumerable<BatchTaskInfo>? recentTasks = null) => new()
        {
            Id = id ?? "", State = state, StateTransitionTime = stateTransitionTime, StartTaskInfo = startTaskInfo,
                Errors = [.. errors ?? []], IsDedicated = isDedicated, AllocationTime = allocationTime, RecentTasks = [.. recentTasks ?? []],
        };

    public static BatchTaskInfo BatchTaskInfo(
        string? jobId = null, string? taskId = null, BatchTaskState taskState = default, BatchTaskExecutionInfo? executionInfo = null) =>
        new() { JobId = jobId, TaskId = taskId, TaskState = taskState, ExecutionInfo = executionInfo };

    public static BatchNodeError BatchNodeError(string? code = null, string? message = null) => new() { Code = code, Message = message };

    public static BatchStartTaskInfo BatchStartTaskInfo(int? exitCode = null, BatchTaskFailureInfo? failureInfo = null) =>
        new() { ExitCode = exitCode, FailureInfo = failureInfo };
}
