namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>
/// Runs one execution's code: first in, first out, only inside <see cref="Run"/> and only on the thread that called it, so that the order
/// of continuations follows from the order of messages alone. Work that arrives otherwise comes from a foreign task; it is dropped and
/// reported.
/// </summary>
/// <param name="escaped">Called, on any thread, when a continuation arrives from outside a decision.</param>
internal sealed class DecisionScheduler(Action escaped) : TaskScheduler
{
    private readonly Queue<Task> queue = new();
    private Thread? owner;

    /// <summary>Whether the caller is code of the decision being made.</summary>
    public bool IsDeciding => owner == Thread.CurrentThread;

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs code that completes tasks of the context, and everything that follows from it, until nothing can go on.</summary>
    public void Run(Action deliver)
    {
        owner = Thread.CurrentThread;
        try
        {
            deliver();
            while (queue.TryDequeue(out var task))
                TryExecuteTask(task);
        }
        finally
        {
            owner = null;
        }
    }

    /// <summary>Reports that code of this execution ran outside a decision.</summary>
    public void ReportEscape() => escaped();

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        if (IsDeciding)
            queue.Enqueue(task);
        else
            escaped();
    }

    /// <summary>Never inline: a continuation waits its turn.</summary>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => [.. queue];
}
