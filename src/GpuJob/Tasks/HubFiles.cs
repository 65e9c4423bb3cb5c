using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>
/// Files of the Hub, by way of storage: who needs one first fetches it and puts it there, and all others take it from there, so that the
/// Hub is asked once however many workers there are. A commit's file never changes, and a blob is there whole or not at all.
/// </summary>
internal static class HubFiles
{
    /// <summary>Brings a file.</summary>
    /// <param name="file">The file, with its commit.</param>
    /// <param name="blobs">The run's storage; null where there is none, and the Hub itself is asked.</param>
    /// <param name="hub">The Hub.</param>
    /// <param name="folder">Takes what comes from storage.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Where it is on this machine.</returns>
    /// <exception cref="BadInputException">There is no such file, or not for this worker.</exception>
    public static async Task<string> BringAsync(HubName file, IBlobStore? blobs, IHubReader hub, string folder,
        CancellationToken cancellation)
    {
        if (file.File is not { } name || !file.IsPinned)
            throw new BadInputException(
                $"Data set file '{file}': it was not looked up on the Hub before the run: hf:ORG/NAME@COMMIT/FILE.");
        if (blobs is null) return await hub.DataFileAsync(file, cancellation);
        var (blob, copy) = (BlobLayout.FromHub(file), SafePath.Join(folder, $"{file.Repository}/{file.Revision}/{name}"));
        if (await blobs.TryDownloadAsync(blob, copy, cancellation)) return copy.FullName;
        var fetched = await hub.DataFileAsync(file, cancellation);
        await using var content = RegularFile.OpenRead(fetched);
        await blobs.UploadAsync(blob, content, cancellation);
        return fetched;
    }
}
