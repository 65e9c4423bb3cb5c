namespace R1Cloud.GpuJob.Rewards.Code.Sandboxing;

/// <summary>The sandbox, not the program in it, failed or cannot be had on this machine; says what to do about it.</summary>
internal sealed class SandboxException(string message, Exception? inner = null) : Exception(message, inner);
