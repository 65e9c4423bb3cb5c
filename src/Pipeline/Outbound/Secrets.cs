using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Outbound;

/// <summary>Tokens and passwords by the environment variables that hold them: read when they are used, kept nowhere.</summary>
/// <param name="read">Reads an environment variable.</param>
public sealed class Secrets(Func<string, string?> read)
{
    /// <summary>The secret of a variable; null where none is named.</summary>
    /// <exception cref="BadInputException">The variable is named and not set.</exception>
    public string? Of(string? variable) => variable is null ? null
        : read(variable) is { Length: > 0 } secret ? secret
        : throw new BadInputException($"The environment variable {variable}, which the host's configuration names, is not set.");
}
