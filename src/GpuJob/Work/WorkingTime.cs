namespace R1Cloud.GpuJob.Work;

/// <summary>How long a worker had a job at hand, and how long it waited for one.</summary>
/// <param name="time">The clock; only its monotonic time is read.</param>
internal sealed class WorkingTime(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly long began = time.GetTimestamp();
    private TimeSpan ended;
    private long? jobBegan;

    /// <summary>Time with a job, the one at hand included, and without.</summary>
    public (TimeSpan Working, TimeSpan Idle) Read()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            var working = ended + (jobBegan is { } since ? time.GetElapsedTime(since, now) : TimeSpan.Zero);
            return (working, time.GetElapsedTime(began, now) - working);
        }
    }

    /// <summary>Does a job and counts its time, whatever its end.</summary>
    public async Task<T> DuringAsync<T>(Func<Task<T>> job)
    {
        lock (gate) jobBegan = time.GetTimestamp();
        try
        {
            return await job();
        }
        finally
        {
            lock (gate)
            {
                ended += time.GetElapsedTime(jobBegan.Value);
                jobBegan = null;
            }
        }
    }
}
