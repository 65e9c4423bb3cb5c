using Azure.Compute.Batch;
using R1Cloud.Shared;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>
/// A node's time outside of a run's workers that is the run's to pay all the same: until its first worker there, when the node was brought
/// for it, and after its last one, until the pool takes the node away or gives it to another run.
/// </summary>
internal sealed record NodeBooks
{
    /// <summary>Seconds as a spot node.</summary>
    public double Spot { get; init; }

    /// <summary>Seconds as a dedicated node.</summary>
    public double Dedicated { get; init; }

    /// <summary>Up to when its time is booked.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Books what is known now.</summary>
    /// <param name="before">The books so far; null before the first look.</param>
    /// <param name="node">The node.</param>
    /// <param name="job">The run's job.</param>
    /// <param name="tasks">The run's workers that began there.</param>
    /// <param name="now">The time.</param>
    public static NodeBooks Observe(NodeBooks? before, BatchNode node, string job, IReadOnlyList<BatchTask> tasks, DateTimeOffset now)
    {
        var others = node.RecentTasks.Where(task => task.JobId != job && task.ExecutionInfo?.StartTime is not null)
            .Select(task => task.ExecutionInfo!.StartTime!.Value).ToList();
        var first = tasks.Min(task => task.ExecutionInfo!.StartTime!.Value);
        // A node that worked for somebody before was not brought for this run.
        var books = before ?? new NodeBooks().With(node, others.Exists(start => start < first) ? null : node.AllocationTime, first);
        if (node.State != BatchNodeState.Idle || tasks.Any(task => task.ExecutionInfo!.EndTime is null)) return books;
        var last = tasks.Max(task => task.ExecutionInfo!.EndTime!.Value);
        return others.Exists(start => start > last) ? books : books.With(node, books.Until > last ? books.Until : last, now);
    }

    private NodeBooks With(BatchNode node, DateTimeOffset? from, DateTimeOffset to)
    {
        if (from is not { } begin || begin == default || to <= begin) return this with { Until = Until ?? to };
        var seconds = Instants.Between(begin, to).TotalSeconds;
        return node.IsDedicated == true
            ? this with { Dedicated = Dedicated + seconds, Until = to } : this with { Spot = Spot + seconds, Until = to };
    }
}
