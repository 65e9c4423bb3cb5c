namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>Executions alive in memory, by instance; the least recently used are forgotten first (they come back by replay).</summary>
internal sealed class ExecutionCache(int capacity)
{
    private readonly Dictionary<long, LinkedListNode<OrchestrationExecution>> byKey = [];
    private readonly LinkedList<OrchestrationExecution> byUse = new();

    /// <summary>Takes an instance's execution out, if it is there.</summary>
    public OrchestrationExecution? Take(long key)
    {
        if (!byKey.Remove(key, out var node))
            return null;
        byUse.Remove(node);
        return node.Value;
    }

    /// <summary>Puts an execution in as the most recently used.</summary>
    public void Put(OrchestrationExecution execution)
    {
        byKey[execution.Identity.Key] = byUse.AddFirst(execution);
        while (byKey.Count > capacity)
            Take(byUse.Last!.Value.Identity.Key);
    }
}
