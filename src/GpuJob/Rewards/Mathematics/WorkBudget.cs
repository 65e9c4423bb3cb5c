using System.Diagnostics;

namespace R1Cloud.GpuJob.Rewards.Mathematics;

/// <summary>
/// Bounds the work on one answer. Steps are counted, so that the same input has the same outcome on any machine; the clock is looked at now and then
/// in case a step took long; recursion is limited.
/// </summary>
internal sealed class WorkBudget(int steps, TimeSpan limit)
{
    private const int StepsBetweenLooks = 64;
    private const int MaxDepth = 400;
    // So few steps take far less: a longer pause was the machine's, and does not count in full.
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(4);
    private long lastLook = Stopwatch.GetTimestamp();
    private TimeSpan spent;
    private int left = steps;
    private int untilLook = StepsBetweenLooks;
    private int depth;

    /// <summary>Counts work; call it in every loop whose length depends on the input.</summary>
    /// <exception cref="WorkLimitException">The steps or the time are spent.</exception>
    public void Step(int cost = 1)
    {
        if ((left -= cost) < 0) throw new WorkLimitException("the work for one answer is spent");
        if ((untilLook -= cost) > 0) return;
        untilLook = StepsBetweenLooks;
        var now = Stopwatch.GetTimestamp();
        var passed = Stopwatch.GetElapsedTime(lastLook, now);
        lastLook = now;
        spent += passed < LongestLook ? passed : LongestLook;
        if (spent > limit) throw new WorkLimitException("the time for one answer is spent");
    }

    /// <summary>Enters a level of recursion; leave it by <see cref="Leave"/>.</summary>
    /// <exception cref="WorkLimitException">The nesting is too deep.</exception>
    public void Enter()
    {
        Step();
        if (++depth > MaxDepth)
        {
            depth = 0;
            throw new WorkLimitException("nested too deeply");
        }
    }

    /// <summary>Leaves a level of recursion.</summary>
    public void Leave() => depth--;

    /// <summary>The depth to go back to after an exception has unwound the stack.</summary>
    public int Depth
    {
        get => depth;
        set => depth = value;
    }
}

/// <summary>A bound of <see cref="WorkBudget"/> or of exact arithmetic is reached; never leaves the verifier.</summary>
internal sealed class WorkLimitException(string message) : Exception(message);
