using System.Diagnostics.CodeAnalysis;

namespace R1Cloud.Shared.Storage;

/// <summary>
/// A name of something on the Hub: <c>hf:ORG/NAME[@REVISION]</c> is a model, and <c>hf:ORG/NAME[/CONFIG[/SPLIT]][@REVISION]</c> a data set;
/// which of them, the place says that holds the name. <c>hf:ORG/NAME@COMMIT/PATH</c> is one of its files: what a data set's name comes
/// to before a run.
/// </summary>
/// <param name="Repository">The repository, <c>ORG/NAME</c>.</param>
/// <param name="Config">A data set's configuration; null where none is named.</param>
/// <param name="Split">A data set's split; null where none is named.</param>
/// <param name="Revision">A branch, a tag or a commit; null for the default.</param>
/// <param name="File">A file of a commit; null where all is meant.</param>
public sealed record HubName(string Repository, string? Config = null, string? Split = null, string? Revision = null, string? File = null)
{
    /// <summary>Where such names begin.</summary>
    public const string Prefix = "hf:";

    private const int MostCharacters = 96;
    private const int CommitDigits = 40;

    /// <summary>Whether a name is one of the Hub's, well formed or not.</summary>
    public static bool Is(string name) => name is not null && name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Whether a revision is a commit, which always means the same.</summary>
    public static bool IsCommit([NotNullWhen(true)] string? revision) =>
        revision is { Length: CommitDigits } && revision.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether the name always means the same.</summary>
    public bool IsPinned => IsCommit(Revision);

    /// <summary>Reads a name.</summary>
    /// <param name="text">The name, prefix included.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    /// <returns>Null where it is none.</returns>
    public static HubName? TryParse(string text, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (path, revision) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        string? file = null;
        if (revision is { Length: > CommitDigits } && revision[CommitDigits] == '/' && IsCommit(revision[..CommitDigits]))
            (revision, file) = (revision[..CommitDigits], revision[(CommitDigits + 1)..]);
        var parts = Is(path) ? path[Prefix.Length..].Split('/') : [];
        problem = parts.Length is < 2 or > 4 ? "is no name on the Hub"
            : parts.Take(2).FirstOrDefault(part => !IsRepositoryPart(part)) is { } wrong
                ? $"has the part '{wrong}', which no repository has"
            : parts.Skip(2).FirstOrDefault(part => !IsPart(part)) is { } part ? $"has the part '{part}', which is no configuration or split"
            : revision is not null && !IsRevision(revision) ? $"has the revision '{revision}', which is none"
            : file is not null && (parts.Length > 2 || !SafePath.IsName(file)) ? $"has the file '{file}', which is none" : null;
        return problem is null
            ? new($"{parts[0]}/{parts[1]}", parts.ElementAtOrDefault(2), parts.ElementAtOrDefault(3), revision, file) : null;
    }

    /// <summary>Reads a name that was checked before, or that a user typed.</summary>
    /// <exception cref="BadInputException">It is none.</exception>
    public static HubName Parse(string text) => TryParse(text, out var problem)
        ?? throw new BadInputException(
            $"'{text}' {problem}: hf:ORG/NAME[@REVISION], and for data sets hf:ORG/NAME[/CONFIG[/SPLIT]][@REVISION].");

    /// <inheritdoc/>
    public override string ToString() =>
        Prefix + string.Join('/', new[] { Repository, Config, Split }.OfType<string>()) + (Revision is null ? "" : "@" + Revision)
        + (File is null ? "" : "/" + File);

    // The rules of the Hub's own client, which keep "models--ORG--NAME" from meaning two repositories.
    private static bool IsRepositoryPart(string part) => part.Length is > 0 and <= MostCharacters
        && part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
        && !part.Contains("--", StringComparison.Ordinal) && !part.Contains("..", StringComparison.Ordinal)
        && !part.EndsWith(".git", StringComparison.Ordinal) && part[0] is not ('-' or '.') && part[^1] is not ('-' or '.');

    private static bool IsPart(string part) => SafePath.IsName(part) && part.Trim() == part && part.Length <= MostCharacters;

    private static bool IsRevision(string revision) => SafePath.IsName(revision)
        && !revision.Any(letter => char.IsWhiteSpace(letter) || letter is '~' or '^' or '?' or '*' or '[' or '@');
}
