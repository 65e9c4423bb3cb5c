namespace R1Cloud.Shared.Storage;

/// <summary>Folders that no other user of this machine looks into, writes to, or has put there beforehand.</summary>
public static class PrivateFolder
{
    private const string Name = "r1-cloud";

    /// <summary>The mode of such a folder: 0700.</summary>
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The mode of a file that only its owner reads: 0600.</summary>
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates a folder for this user alone; one that is there must be this user's, and is closed to others.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="StorageException">It belongs to another user, or cannot be made.</exception>
    public static string Ensure(string path)
    {
        var folder = Path.GetFullPath(path);
        try
        {
            Create(folder);
            if (FileStatus.Of(folder) is not { } status) return folder;
            if (!status.IsOwn)
            {
                throw new StorageException(
                    $"The folder '{folder}' belongs to another user (uid {status.Owner}), not to this one (uid {FileStatus.CurrentUser}): "
                    + "remove it, or name another.");
            }
            if (status.IsOpenToOthers && !OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, Mode);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("making the folder", folder, e);
        }
    }

    /// <summary>Creates a folder, for this user alone where it is new; one that is there stays as it is.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, Mode);
    }

    /// <summary>This user's folder for what can be fetched or computed again: below <c>XDG_CACHE_HOME</c>, or <c>~/.cache</c>.</summary>
    /// <param name="environment">Reads an environment variable.</param>
    /// <exception cref="StorageException">There is no home to put it in.</exception>
    public static string Cache(Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        if (environment("XDG_CACHE_HOME") is { Length: > 0 } named && Path.IsPathFullyQualified(named)) return Path.Combine(named, Name);
        if (OperatingSystem.IsWindows()) return Path.Combine(FolderOf(Environment.SpecialFolder.LocalApplicationData), Name);
        var home = environment("HOME") is { Length: > 0 } own ? own : FolderOf(Environment.SpecialFolder.UserProfile);
        return home.Length > 0
            ? Path.Combine(home, ".cache", Name)
            : throw new StorageException("There is no home folder to keep a cache in: set XDG_CACHE_HOME to a folder of this user.");
    }

    private static string FolderOf(Environment.SpecialFolder folder) => Environment.GetFolderPath(folder);
}
