namespace R1Cloud.Orchestrator.Durable;

/// <summary>
/// Stands for an exception with so long a chain of causes that the messages to and from the Functions host could not carry it.
/// </summary>
/// <param name="outer">The exception; its first cause is kept, what lies between is left out.</param>
internal sealed class DeepFailureException(Exception outer) : Exception(
    $"{outer.GetType().FullName}: {outer.Message} <- … "
    + $"<- {outer.GetBaseException().GetType().FullName}: {outer.GetBaseException().Message}", outer.GetBaseException())
{
    private const int Longest = 24; // Each cause is a message within a message, of which protobuf reads 100; stay well below.

    /// <summary>Whether the chain is too long.</summary>
    public static bool IsTooDeep(Exception exception)
    {
        var depth = 1;
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException) depth++;
        return depth > Longest;
    }
}
