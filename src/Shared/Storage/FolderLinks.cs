namespace R1Cloud.Shared.Storage;

/// <summary>
/// Links in a folder whose files are read to be given to others: pushed, imported, exported. The folder may be a stranger's, and a link in
/// it may name any file of this user (<c>LICENSE → ~/.aws/credentials</c>). So a link is followed only to a file below the folder itself,
/// or to a blob of the Hub cache that the folder is a snapshot of.
/// </summary>
public static class FolderLinks
{
    /// <summary>The file that a name below a folder stands for, all links followed.</summary>
    /// <param name="folder">The folder; it may itself be named by a link.</param>
    /// <param name="name">The name below it, with forward slashes.</param>
    /// <returns>The file's real name.</returns>
    /// <exception cref="BadInputException">A link leads out of the folder.</exception>
    /// <exception cref="StorageException">The name itself leads out of the folder.</exception>
    public static string Resolve(string folder, string name) => Allowed(RealOf(folder), SafePath.Join(folder, name).FullName);

    /// <summary>All files below a folder, but for names that begin with a dot and what is in folders of such names.</summary>
    /// <returns>Names below the folder, with forward slashes, in ordinal order, and the files' real names.</returns>
    /// <exception cref="BadInputException">A link leads out of the folder, or to a folder that holds it.</exception>
    public static IReadOnlyList<(string Name, string File)> Files(string folder)
    {
        var root = RealOf(folder);
        var files = new List<(string Name, string File)>();
        Add(root, "");
        return [.. files.OrderBy(file => file.Name, StringComparer.Ordinal)];

        void Add(string at, string prefix)
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(at))
            {
                var name = prefix + Path.GetFileName(entry);
                if (Path.GetFileName(entry).StartsWith('.')) continue;
                var real = Allowed(root, entry);
                if (!Directory.Exists(real)) files.Add((name, real));
                else if (RealPath.IsWithin(at, real)) throw new BadInputException($"'{entry}' is a link to a folder that it lies in.");
                else Add(real, name + "/");
            }
        }
    }

    private static string Allowed(string root, string path)
    {
        var real = RealOf(path);
        return RealPath.IsWithin(real, root) || (HubBlobs(root) is { } blobs && RealPath.IsWithin(real, blobs))
            ? real
            : throw new BadInputException(
                $"'{path}' leads to '{real}', outside of its folder: put the file itself there, or take it away.");
    }

    /// <summary>
    /// Where the files of a Hub snapshot are: <c>models--ORG--NAME/snapshots/REVISION</c> holds links into <c>models--ORG--NAME/blobs</c>.
    /// </summary>
    /// <param name="root">The folder, without links.</param>
    public static string? HubBlobs(string root)
    {
        for (var folder = new DirectoryInfo(root); folder.Parent is { } above; folder = above)
        {
            if (above is { Name: "snapshots", Parent: { } repository }
                && (repository.Name.StartsWith("models--", StringComparison.Ordinal)
                    || repository.Name.StartsWith("datasets--", StringComparison.Ordinal)))
                return Path.Combine(repository.FullName, "blobs");
        }
        return null;
    }

    private static string RealOf(string path)
    {
        try
        {
            return RealPath.Of(path);
        }
        catch (IOException e)
        {
            throw new BadInputException(e.Message, e);
        }
    }
}
