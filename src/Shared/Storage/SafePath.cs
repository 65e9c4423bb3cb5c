namespace R1Cloud.Shared.Storage;

/// <summary>
/// A file below a folder. Names that were stored (of blobs, in manifests, in indexes) may come from anyone who can write to storage: this
/// is their only way to a disk, and what takes files from storage takes nothing else.
/// </summary>
public sealed record SafePath
{
    private SafePath(string fullName) => FullName = fullName;

    /// <summary>The file's full name.</summary>
    public string FullName { get; }

    /// <summary>Joins a folder of ours and a stored name.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The name below it, with forward slashes.</param>
    /// <exception cref="StorageException">The name would lead out of the folder, or means different files on different systems.</exception>
    public static SafePath Join(string folder, string name) => IsName(name)
        ? new(Path.GetFullPath(Path.Combine([folder, .. name.Split('/')])))
        : throw new StorageException($"The stored name '{Printed(name)}' leads out of the folder '{folder}'.");

    /// <summary>
    /// Whether a stored name is a file's below a folder: parts with slashes between them, none of them empty, a dot or two, and nothing
    /// that some system takes for a drive, a stream or a separator.
    /// </summary>
    public static bool IsName(string name) => name.Length > 0 && name.Split('/').All(IsPart);

    /// <inheritdoc/>
    public override string ToString() => FullName;

    private static bool IsPart(string part) =>
        part.Length > 0 && part is not ("." or "..") && !part.Any(c => c is '\\' or ':' || char.IsControl(c));

    private static string Printed(string name) => string.Concat(name.Take(200).Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
