using Azure;

namespace R1Cloud.Orchestrator.Workers;

/// <summary>Calls of Batch that survive its being busy, beyond the few tries that the client makes itself.</summary>
internal static class BatchCalls
{
    private const int MaxAttempts = 6;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>Runs a call; while Batch asks for patience (429, 503) waits as long as it says, or longer each time.</summary>
    /// <exception cref="RequestFailedException">Any other answer, or still busy after six attempts.</exception>
    public static async Task<T> RunAsync<T>(TimeProvider clock, CancellationToken cancellation, Func<Task<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (RequestFailedException e) when (e.Status is 429 or 503 && attempt < MaxAttempts)
            {
                await Task.Delay(Wait(e, attempt), clock, cancellation);
            }
        }
    }

    /// <summary>Runs a call that need not find or change anything: these error codes count as success.</summary>
    /// <returns>False when one of the codes came back.</returns>
    public static async Task<bool> TryAsync<T>(TimeProvider clock, CancellationToken cancellation, Func<Task<T>> call, params string[] fine)
    {
        try
        {
            await RunAsync(clock, cancellation, call);
            return true;
        }
        catch (RequestFailedException e) when (fine.Contains(e.ErrorCode, StringComparer.OrdinalIgnoreCase))
        {
            return false;
        }
    }

    private static TimeSpan Wait(RequestFailedException error, int attempt)
    {
        if (error.GetRawResponse()?.Headers.TryGetValue("Retry-After", out var text) == true
            && int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds))
            return TimeSpan.FromSeconds(Math.Min(seconds, LongestWait.TotalSeconds));
        return TimeSpan.FromTicks(Math.Min(FirstWait.Ticks << (attempt - 1), LongestWait.Ticks));
    }
}
