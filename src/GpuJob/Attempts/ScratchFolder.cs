using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Attempts;

/// <summary>A process's own temporary folder, removed at its end.</summary>
internal sealed class ScratchFolder : IDisposable
{
    /// <summary>The folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("r1-scratch-").FullName;

    /// <inheritdoc/>
    public void Dispose() => LocalFiles.TryDeleteFolder(Path);
}
