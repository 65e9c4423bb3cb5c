namespace R1Cloud.Rewards.Mathematics.Numbers;

/// <summary>
/// Bounds the work on one answer. Only steps are counted, so that the same input has the same outcome on any machine, however busy it is;
/// recursion is limited.
/// </summary>
/// <param name="steps">How many steps there are.</param>
internal sealed class WorkBudget(int steps)
{
    private const int MaxDepth = 400;
    private int left = steps;
    private int depth;

    /// <summary>Steps that are left.</summary>
    public int Left => left;

    /// <summary>The depth to go back to after an exception has unwound the stack.</summary>
    public int Depth
    {
        get => depth;
        set => depth = value;
    }

    /// <summary>Counts work; call it in every loop whose length depends on the input.</summary>
    /// <exception cref="WorkLimitException">The steps are spent.</exception>
    public void Step(int cost = 1)
    {
        if ((left -= cost) < 0) throw new WorkLimitException("the work for one answer is spent");
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
}

/// <summary>A bound of <see cref="WorkBudget"/> is reached; never leaves the verifier.</summary>
internal class WorkLimitException(string message) : Exception(message);

/// <summary>An expression is too large for exact arithmetic or for a normal form, which says nothing of other ways to compare it.</summary>
internal sealed class TooLargeException(string message) : WorkLimitException(message);
