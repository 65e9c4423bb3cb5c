using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Attempts;

/// <summary>
/// A process's own temporary folder, removed at its end; where the process was killed, by the next one that has such a folder.
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    private const string Prefix = "r1-scratch-", Mark = ".alive";

    // Held as long as the process lives, however it ends.
    private readonly FileStream alive;

    /// <summary>Makes the folder, and removes those of processes that are gone.</summary>
    public ScratchFolder()
    {
        foreach (var folder in Directory.GetDirectories(System.IO.Path.GetTempPath(), Prefix + "*")) RemoveIfDead(folder);
        Path = Directory.CreateTempSubdirectory(Prefix).FullName;
        alive = new(System.IO.Path.Combine(Path, Mark), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        alive.Dispose();
        LocalFiles.TryDeleteFolder(Path);
    }

    private static void RemoveIfDead(string folder)
    {
        var mark = System.IO.Path.Combine(folder, Mark);
        try
        {
            if (FileStatus.Of(folder) is { IsOwn: false }) return;
            using var held = new FileStream(mark, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            LocalFiles.TryDeleteFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody lives there, or has only just moved in.
        }
    }
}
