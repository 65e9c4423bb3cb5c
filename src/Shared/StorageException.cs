namespace R1Cloud.Shared;

/// <summary>Storage did not do what was asked; the message names the operation, the path and the reason.</summary>
/// <param name="message">What failed.</param>
/// <param name="inner">The cause.</param>
public class StorageException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the queue or container itself is not there.</summary>
    public bool IsMissing { get; init; }
}

/// <summary>Storage does not answer, or not for now: nothing is wrong with what was asked, and waiting may mend it.</summary>
/// <param name="message">What failed.</param>
/// <param name="inner">The cause.</param>
public sealed class StorageAwayException(string message, Exception? inner = null) : StorageException(message, inner);
