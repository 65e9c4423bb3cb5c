using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>
/// Threads that do the tasks of a phase together and wait for its end. Who does which task is left to chance: a task's result must
/// depend on nothing but its number.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A team lives as long as the process.")]
internal sealed class ThreadTeam
{
    private static readonly ConcurrentDictionary<int, Lazy<ThreadTeam>> Teams = new();

    private readonly Lock turn = new();
    private readonly Barrier barrier;
    private Action<int, int> body = (_, _) => { };
    private int next, count;
    private Exception? failure;

    private ThreadTeam(int threads)
    {
        Threads = threads;
        barrier = new Barrier(threads);
        for (var member = 1; member < threads; member++)
        {
            var number = member;
            new Thread(() => Serve(number)) { IsBackground = true, Name = "train" }.Start();
        }
    }

    /// <summary>How many, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>The process's team of so many threads, at least 1.</summary>
    public static ThreadTeam Of(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        return Teams.GetOrAdd(threads, count => new(() => new(count))).Value;
    }

    /// <summary>Does the tasks 0 to <paramref name="tasks"/> − 1; the caller takes part.</summary>
    /// <param name="tasks">How many.</param>
    /// <param name="task">Does one: its number, and which member of the team does it, below <see cref="Threads"/>.</param>
    public void Run(int tasks, Action<int, int> task)
    {
        lock (turn)
        {
            if (Threads == 1 || tasks <= 1)
            {
                for (var i = 0; i < tasks; i++) task(i, 0);
                return;
            }
            (body, next, count, failure) = (task, 0, tasks, null);
            barrier.SignalAndWait();
            Work(0);
            barrier.SignalAndWait();
            body = (_, _) => { };
            if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void Serve(int member)
    {
        while (true)
        {
            barrier.SignalAndWait();
            Work(member);
            barrier.SignalAndWait();
        }
    }

    private void Work(int member)
    {
        try
        {
            while (Interlocked.Increment(ref next) - 1 is var task && task < count) body(task, member);
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref failure, error, null); // thrown again on the caller's thread
        }
    }
}
