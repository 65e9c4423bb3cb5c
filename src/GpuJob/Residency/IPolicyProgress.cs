namespace R1Cloud.GpuJob.Residency;

/// <summary>How far a policy in memory is on its way from one checkpoint to the next; only who takes it that way knows more.</summary>
internal interface IPolicyProgress;
