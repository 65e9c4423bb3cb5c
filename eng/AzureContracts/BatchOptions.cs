using Azure.Core;

namespace Azure.Compute.Batch;

public class BatchJobCreateOptions(string id, BatchPoolInfo poolInfo)
{
    public string Id { get; } = id;
    public BatchPoolInfo PoolInfo { get; } = poolInfo;
    public BatchAllTasksCompleteMode? AllTasksCompleteMode { get; set; }
    public BatchTaskFailureMode? TaskFailureMode { get; set; }
    public IList<BatchMetadataItem> Metadata { get; } = [];
}

public class BatchPoolInfo
{
    public string? PoolId { get; set; }
}

public class BatchMetadataItem(string name, string value)
{
    public string Name { get; set; } = name;
    public string Value { get; set; } = value;
}

public class BatchJobTerminateOptions
{
    public string? TerminationReason { get; set; }
}

public class BatchNodeDisableSchedulingOptions
{
    public BatchNodeDisableSchedulingOption? NodeDisableSchedulingOption { get; set; }
}

public class BatchTaskCreateOptions(string id, string commandLine)
{
    public string Id { get; } = id;
    public string CommandLine { get; } = commandLine;
    public BatchTaskContainerSettings? ContainerSettings { get; set; }
    public BatchTaskConstraints? Constraints { get; set; }
    public IList<EnvironmentSetting> EnvironmentSettings { get; } = [];
    public IList<OutputFile> OutputFiles { get; } = [];
}

public class BatchTaskContainerSettings(string imageName)
{
    public string ImageName { get; } = imageName;
    public string? ContainerRunOptions { get; set; }
    public ContainerWorkingDirectory? WorkingDirectory { get; set; }
}

public class BatchNodeIdentityReference
{
    public ResourceIdentifier? ResourceId { get; set; }
}

public class BatchTaskConstraints
{
    public int? MaxTaskRetryCount { get; set; }
    public TimeSpan? MaxWallClockTime { get; set; }
    public TimeSpan? RetentionTime { get; set; }
}

public class EnvironmentSetting(string name)
{
    public string Name { get; } = name;
    public string? Value { get; set; }
}

public class OutputFile(string filePattern, OutputFileDestination destination, OutputFileUploadConfig uploadOptions)
{
    public string FilePattern { get; } = filePattern;
    public OutputFileDestination Destination { get; } = destination;
    public OutputFileUploadConfig UploadOptions { get; } = uploadOptions;
}

public class OutputFileDestination
{
    public OutputFileBlobContainerDestination? Container { get; set; }
}

public class OutputFileBlobContainerDestination(Uri containerUri)
{
    public Uri ContainerUri { get; } = containerUri;
    public string? Path { get; set; }
    public BatchNodeIdentityReference? IdentityReference { get; set; }
}

public class OutputFileUploadConfig(OutputFileUploadCondition uploadCondition)
{
    public OutputFileUploadCondition UploadCondition { get; } = uploadCondition;
}
