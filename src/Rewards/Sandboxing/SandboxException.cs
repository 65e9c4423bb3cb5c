namespace R1Cloud.Rewards.Sandboxing;

/// <summary>The sandbox, not the program in it, failed.</summary>
internal class SandboxException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A sandbox cannot be had on this machine; says what to do about it.</summary>
internal sealed class SandboxUnavailableException(string message, Exception? inner = null) : SandboxException(message, inner);
