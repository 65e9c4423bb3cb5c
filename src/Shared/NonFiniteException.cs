namespace R1Cloud.Shared;

/// <summary>A number of a computation is not finite. The same job would end the same again.</summary>
/// <param name="message">Which, of what step.</param>
public sealed class NonFiniteException(string message) : Exception(message);
