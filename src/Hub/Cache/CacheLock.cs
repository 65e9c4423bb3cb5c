namespace R1Cloud.Hub.Cache;

/// <summary>
/// The lock of a content that is being fetched: the same file and the same flock(2) as the Hub's own client. It saves work and is never
/// needed to be right: on some disks it holds nobody, and after a crash it may hold for ever, so it is waited for only while the content
/// grows.
/// </summary>
internal static class CacheLock
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>Takes it.</summary>
    /// <param name="file">The lock's file.</param>
    /// <param name="done">Whether another has done the work meanwhile.</param>
    /// <param name="progress">A number that changes as long as another works.</param>
    /// <param name="patience">How long it may stay the same.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>The lock to be given back; null where the work is done, or goes on without.</returns>
    public static async Task<IDisposable?> TakeAsync(string file, Func<bool> done, Func<long> progress, TimeSpan patience,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var (seen, since) = (progress(), clock.GetTimestamp());
        while (!done())
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            }
            catch (UnauthorizedAccessException)
            {
                return null; // another user's
            }
            catch (IOException)
            {
                if (progress() is var now && now != seen) (seen, since) = (now, clock.GetTimestamp());
                else if (clock.GetElapsedTime(since) >= patience) return null;
                await Task.Delay(Look, clock, cancellation);
            }
        }
        return null;
    }
}
