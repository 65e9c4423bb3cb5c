// Extensible enums of the service: a text each, compared without case.
namespace Azure.Compute.Batch;

public readonly struct AllocationState(string value) : IEquatable<AllocationState>
{
    public static AllocationState Steady { get; } = new("steady");
    public static AllocationState Resizing { get; } = new("resizing");
    public static AllocationState Stopping { get; } = new("stopping");

    private readonly string value = value;

    public static implicit operator AllocationState(string value) => new(value);
    public static bool operator ==(AllocationState left, AllocationState right) => left.Equals(right);
    public static bool operator !=(AllocationState left, AllocationState right) => !left.Equals(right);
    public bool Equals(AllocationState other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is AllocationState other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}

public readonly struct BatchAllTasksCompleteMode(string value) : IEquatable<BatchAllTasksCompleteMode>
{
    public static BatchAllTasksCompleteMode NoAction { get; } = new("noaction");
    public static BatchAllTasksCompleteMode TerminateJob { get; } = new("terminatejob");

    private readonly string value = value;

    public static implicit operator BatchAllTasksCompleteMode(string value) => new(value);
    public static bool operator ==(BatchAllTasksCompleteMode left, BatchAllTasksCompleteMode right) => left.Equals(right);
    public static bool operator !=(BatchAllTasksCompleteMode left, BatchAllTasksCompleteMode right) => !left.Equals(right);
    public bool Equals(BatchAllTasksCompleteMode other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is BatchAllTasksCompleteMode other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}

public readonly struct BatchTaskFailureMode(string value) : IEquatable<BatchTaskFailureMode>
{
    public static BatchTaskFailureMode NoAction { get; } = new("noaction");
    public static BatchTaskFailureMode PerformExitOptionsJobAction { get; } = new("performexitoptionsjobaction");

    private readonly string value = value;

    public static implicit operator BatchTaskFailureMode(string value) => new(value);
    public static bool operator ==(BatchTaskFailureMode left, BatchTaskFailureMode right) => left.Equals(right);
    public static bool operator !=(BatchTaskFailureMode left, BatchTaskFailureMode right) => !left.Equals(right);
    public bool Equals(BatchTaskFailureMode other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is BatchTaskFailureMode other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}

public readonly struct BatchNodeDisableSchedulingOption(string value) : IEquatable<BatchNodeDisableSchedulingOption>
{
    public static BatchNodeDisableSchedulingOption Requeue { get; } = new("requeue");
    public static BatchNodeDisableSchedulingOption Terminate { get; } = new("terminate");
    public static BatchNodeDisableSchedulingOption TaskCompletion { get; } = new("taskcompletion");

    private readonly string value = value;

    public static implicit operator BatchNodeDisableSchedulingOption(string value) => new(value);
    public static bool operator ==(BatchNodeDisableSchedulingOption left, BatchNodeDisableSchedulingOption right) => left.Equals(right);
    public static bool operator !=(BatchNodeDisableSchedulingOption left, BatchNodeDisableSchedulingOption right) => !left.Equals(right);
    public bool Equals(BatchNodeDisableSchedulingOption other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is BatchNodeDisableSchedulingOption other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}

public readonly struct BatchNodeState(string value) : IEquatable<BatchNodeState>
{
    public static BatchNodeState Idle { get; } = new("idle");
    public static BatchNodeState Rebooting { get; } = new("rebooting");
    public static BatchNodeState Reimaging { get; } = new("reimaging");
    public static BatchNodeState Running { get; } = new("running");
    public static BatchNodeState Unusable { get; } = new("unusable");
    public static BatchNodeState Creating { get; } = new("creating");
    public static BatchNodeState Starting { get; } = new("starting");
    public static BatchNodeState WaitingForStartTask { get; } = new("waitingforstarttask");
    public static BatchNodeState StartTaskFailed { get; } = new("starttaskfailed");
    public static BatchNodeState Unknown { get; } = new("unknown");
    public static BatchNodeState LeavingPool { get; } = new("leavingpool");
    public static BatchNodeState Offline { get; } = new("offline");
    public static BatchNodeState Preempted { get; } = new("preempted");
    public static BatchNodeState UpgradingOS { get; } = new("upgradingos");

    private readonly string value = value;

    public static implicit operator BatchNodeState(string value) => new(value);
    public static bool operator ==(BatchNodeState left, BatchNodeState right) => left.Equals(right);
    public static bool operator !=(BatchNodeState left, BatchNodeState right) => !left.Equals(right);
    public bool Equals(BatchNodeState other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is BatchNodeState other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}

public readonly struct BatchTaskState(string value) : IEquatable<BatchTaskState>
{
    public static BatchTaskState Active { get; } = new("active");
    public static BatchTaskState Preparing { get; } = new("preparing");
    public static BatchTaskState Running { get; } = new("running");
    public static BatchTaskState Completed { get; } = new("completed");

    private readonly string value = value;

    public static implicit operator BatchTaskState(string value) => new(value);
    public static bool operator ==(BatchTaskState left, BatchTaskState right) => left.Equals(right);
    public static bool operator !=(BatchTaskState left, BatchTaskState right) => !left.Equals(right);
    public bool Equals(BatchTaskState other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is BatchTaskState other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}

public readonly struct ContainerWorkingDirectory(string value) : IEquatable<ContainerWorkingDirectory>
{
    public static ContainerWorkingDirectory TaskWorkingDirectory { get; } = new("taskworkingdirectory");
    public static ContainerWorkingDirectory ContainerImageDefault { get; } = new("containerimagedefault");

    private readonly string value = value;

    public static implicit operator ContainerWorkingDirectory(string value) => new(value);
    public static bool operator ==(ContainerWorkingDirectory left, ContainerWorkingDirectory right) => left.Equals(right);
    public static bool operator !=(ContainerWorkingDirectory left, ContainerWorkingDirectory right) => !left.Equals(right);
    public bool Equals(ContainerWorkingDirectory other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is ContainerWorkingDirectory other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}

public readonly struct OutputFileUploadCondition(string value) : IEquatable<OutputFileUploadCondition>
{
    public static OutputFileUploadCondition TaskSuccess { get; } = new("tasksuccess");
    public static OutputFileUploadCondition TaskFailure { get; } = new("taskfailure");
    public static OutputFileUploadCondition TaskCompletion { get; } = new("taskcompletion");

    private readonly string value = value;

    public static implicit operator OutputFileUploadCondition(string value) => new(value);
    public static bool operator ==(OutputFileUploadCondition left, OutputFileUploadCondition right) => left.Equals(right);
    public static bool operator !=(OutputFileUploadCondition left, OutputFileUploadCondition right) => !left.Equals(right);
    public bool Equals(OutputFileUploadCondition other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is OutputFileUploadCondition other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}

public readonly struct BatchErrorCode(string value) : IEquatable<BatchErrorCode>
{
    public static BatchErrorCode JobExists { get; } = new("JobExists");
    public static BatchErrorCode JobNotFound { get; } = new("JobNotFound");
    public static BatchErrorCode JobCompleted { get; } = new("JobCompleted");
    public static BatchErrorCode JobBeingTerminated { get; } = new("JobBeingTerminated");
    public static BatchErrorCode JobBeingDeleted { get; } = new("JobBeingDeleted");
    public static BatchErrorCode PoolNotFound { get; } = new("PoolNotFound");
    public static BatchErrorCode TaskExists { get; } = new("TaskExists");
    public static BatchErrorCode TaskNotFound { get; } = new("TaskNotFound");
    public static BatchErrorCode TaskCompleted { get; } = new("TaskCompleted");
    public static BatchErrorCode NodeNotFound { get; } = new("NodeNotFound");
    public static BatchErrorCode NodeAlreadyInTargetSchedulingState { get; } = new("NodeAlreadyInTargetSchedulingState");
    public static BatchErrorCode NodeStateUnusable { get; } = new("NodeStateUnusable");
    public static BatchErrorCode OperationInvalidForCurrentState { get; } = new("OperationInvalidForCurrentState");
    public static BatchErrorCode FileNotFound { get; } = new("FileNotFound");
    public static BatchErrorCode ServerBusy { get; } = new("ServerBusy");

    private readonly string value = value;

    public static implicit operator BatchErrorCode(string value) => new(value);
    public static bool operator ==(BatchErrorCode left, BatchErrorCode right) => left.Equals(right);
    public static bool operator !=(BatchErrorCode left, BatchErrorCode right) => !left.Equals(right);
    public bool Equals(BatchErrorCode other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => obj is BatchErrorCode other && Equals(other);
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(value ?? "");
    public override string ToString() => value;
}
