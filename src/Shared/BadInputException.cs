namespace R1Cloud.Shared;

/// <summary>An error that no further attempt can mend: the input is wrong.</summary>
/// <param name="message">Names the file, field, value and what is allowed.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class BadInputException(string message, Exception? inner = null) : Exception(message, inner);
