namespace R1Cloud.LocalHost.Environments;

/// <summary>The machine is not ready for what was asked; the message says what to do about it.</summary>
/// <param name="message">What is missing or taken, and the way out.</param>
/// <param name="inner">The cause, if any.</param>
internal sealed class EnvironmentException(string message, Exception? inner = null) : Exception(message, inner);
