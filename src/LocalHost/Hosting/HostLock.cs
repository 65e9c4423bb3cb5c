using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>A data folder taken by this process until disposed.</summary>
internal sealed class HostLock : IDisposable
{
    private readonly FileStream file;

    internal HostLock(DataFolder folder, FileStream file)
    {
        Folder = folder;
        this.file = file;
        Announce(null, null);
    }

    /// <summary>The folder.</summary>
    public DataFolder Folder { get; }

    /// <summary>Tells this user's commands where the host listens, and what it wants to see.</summary>
    /// <param name="url">The address, or null while it starts.</param>
    /// <param name="key">The key that requests must carry.</param>
    public void Announce(string? url, string? key)
    {
        var info = new HostInfo(Environment.ProcessId, TimeProvider.System.GetUtcNow(), HostInfo.ProductVersion, url, key);
        var temporary = Folder.HostFile + ".new";
        File.Delete(temporary); // one that is left would keep its mode
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = PrivateFolder.FileMode;
        using (var stream = new FileStream(temporary, options)) JsonSerializer.Serialize(stream, info, R1Json.Indented);
        File.Move(temporary, Folder.HostFile, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(Folder.HostFile);
        file.Dispose();
    }
}
