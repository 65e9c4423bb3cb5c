namespace R1Cloud.Testing;

/// <summary>Waits for what a test says must come, of work in memory: what does not come is told in words, and soon.</summary>
public static class Patience
{
    /// <summary>Far more than such work takes on the busiest machine.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(2);

    /// <summary>The task's end.</summary>
    /// <param name="task">What is waited for.</param>
    /// <param name="missing">What has not happened when it does not come.</param>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public static async Task OrTellAsync(this Task task, string missing)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (await Task.WhenAny(task, Task.Delay(Limit)) != task)
            throw new TimeoutException($"After {Limit.TotalMinutes} minutes {missing}.");
        await task;
    }
}
