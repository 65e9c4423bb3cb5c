using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>
/// Starts processes that are to die with this one. Linux sends the parent-death signal when the <em>thread</em> that started a process
/// ends, so all are started by one thread that lives as long as the process does.
/// </summary>
internal static class ProcessStarter
{
    private static readonly BlockingCollection<Action> Orders = [];
    private static readonly Thread Starter = Create();

    /// <summary>Starts a process.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The program is missing.</exception>
    [SuppressMessage("Usage", "VSTHRD002", Justification = "The starting thread is one of its own and waits for nobody.")]
    public static Process Start(ProcessStartInfo info)
    {
        if (Thread.CurrentThread == Starter) return Run(info);
        var started = new TaskCompletionSource<Process>();
        Orders.Add(() =>
        {
            try
            {
                started.SetResult(Run(info));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                started.SetException(e);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs something on the starting thread, soon.</summary>
    /// <param name="action">Must not throw.</param>
    public static void Post(Action action) => Orders.Add(action);

    /// <summary>Waits until all that was posted before is done.</summary>
    public static void Drain()
    {
        if (Thread.CurrentThread == Starter) return;
        using var done = new ManualResetEventSlim();
        Orders.Add(done.Set);
        done.Wait();
    }

    private static Process Run(ProcessStartInfo info) =>
        Process.Start(info) ?? throw new InvalidOperationException($"{info.FileName} did not start.");

    private static Thread Create()
    {
        var thread = new Thread(() => { foreach (var order in Orders.GetConsumingEnumerable()) order(); }) { IsBackground = true,
            Name = "process starter" };
        thread.Start();
        return thread;
    }
}
