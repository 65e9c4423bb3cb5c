using System.Diagnostics;

namespace R1Cloud.LocalHost.Tests;

/// <summary>Waits for what happens elsewhere.</summary>
public static class Eventually
{
    public static Task BeTrueAsync(Func<bool> condition, string what, int seconds = 1800) =>
        BeTrueAsync(() => Task.FromResult(condition()), what, seconds);

    public static async Task BeTrueAsync(Func<Task<bool>> condition, string what, int seconds = 1800)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > seconds) throw new TimeoutException($"Not within {seconds} s: {what}.");
            await Task.Delay(20);
        }
    }
}
