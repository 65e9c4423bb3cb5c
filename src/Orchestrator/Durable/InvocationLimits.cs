using System.Diagnostics.CodeAnalysis;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>
/// How long the app lets its invocations last. One that reaches host.json's functionTimeout makes the host restart the app's process, with
/// every activity in it; so each ends before, by itself.
/// </summary>
internal static class InvocationLimits
{
    /// <summary>After so long an event stream ends in good order; its reader comes back with the last event's id.</summary>
    public static readonly TimeSpan Stream = TimeSpan.FromMinutes(4);

    /// <summary>After so long anything else is stopped. What was done stays done: called again, it goes on.</summary>
    public static readonly TimeSpan Any = TimeSpan.FromMinutes(5);

    /// <summary>Runs an invocation within the limit.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="what">Its name, for the error.</param>
    /// <param name="cancellation">The host's own wish to stop.</param>
    /// <param name="run">The work; its token is cancelled when the time is up.</param>
    /// <exception cref="TimeoutException">The time was up.</exception>
    [SuppressMessage("Design", "MA0054",
        Justification = "The cause says only that something was cancelled, and people are told the innermost one.")]
    public static async Task<T> RunAsync<T>(
        TimeProvider clock, string what, CancellationToken cancellation, Func<CancellationToken, Task<T>> run)
    {
        using var limit = new CancellationTokenSource(Any, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            return await run(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"'{what}' was stopped after {Any.TotalMinutes:0} minutes, before the Functions host would restart the app; "
                + "it goes on when it is called again.");
        }
    }

    /// <summary>The same for work without a result.</summary>
    public static Task RunAsync(TimeProvider clock, string what, CancellationToken cancellation, Func<CancellationToken, Task> run) =>
        RunAsync<object?>(clock, what, cancellation, async token =>
        {
            await run(token);
            return null;
        });
}
