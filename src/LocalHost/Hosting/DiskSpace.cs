namespace R1Cloud.LocalHost.Hosting;

/// <summary>
/// Watches the room on a disk. On a full one storage refuses what workers made, job after job, and a run would seem to stand still.
/// </summary>
internal static class DiskSpace
{
    /// <summary>With less than this, in bytes, a disk counts as full.</summary>
    public const long Least = 16 << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Ends with the reason when the disk is full; never while it is not.</summary>
    /// <param name="folder">A folder on the disk.</param>
    /// <param name="free">Bytes that are free where the folder is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops watching.</param>
    public static async Task<string> ExhaustedAsync(string folder, Func<string, long> free, TimeProvider time,
        CancellationToken cancellation)
    {
        while (free(folder) >= Least) await Task.Delay(Interval, time, cancellation);
        return $"The disk of the data folder '{folder}' is full: less than {Least >> 20} MB are free. Make room there, then run the same "
            + $"command to go on.";
    }

    /// <summary>Bytes that are free for this user.</summary>
    public static long Free(string folder) =>
        new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : folder).AvailableFreeSpace;
}
