using Azure.Compute.Batch;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>
/// The books of a run's workers, kept in a blob: which Batch job is theirs, what they used, what went wrong. Batch forgets the time before
/// a requeue and, some days later, the tasks.
/// </summary>
[StoredForm(1)]
internal sealed record WorkerLedger
{
    /// <summary>The Batch job's number; each release ends one.</summary>
    public int Generation { get; init; }

    /// <summary>Whether that job was let go.</summary>
    public bool Released { get; init; }

    /// <summary>Numbers of jobs that were let go but that nobody has ended yet, as far as is known.</summary>
    public IReadOnlyList<int> Ending { get; init; } = [];

    /// <summary>The workers that were last asked for.</summary>
    public int Asked { get; init; }

    /// <summary>Each worker task's books, by job and task.</summary>
    public IReadOnlyDictionary<string, TaskBooks> Tasks { get; init; } = new Dictionary<string, TaskBooks>();

    /// <summary>What nodes cost outside of the run's workers, by node: booting for them, and idle after them.</summary>
    public IReadOnlyDictionary<string, NodeBooks> Nodes { get; init; } = new Dictionary<string, NodeBooks>();

    /// <summary>Nodes that get no more workers.</summary>
    public IReadOnlyList<string> BadNodes { get; init; } = [];

    /// <summary>Worker tasks that the pool itself ended, and why: they count as no failure.</summary>
    public IReadOnlyDictionary<string, string> Ended { get; init; } = new Dictionary<string, string>();

    /// <summary>The last thing that the pool did about a trouble.</summary>
    public string? Note { get; init; }

    /// <summary>Why workers could not be seen to the last time; null when they were.</summary>
    public string? Error { get; init; }

    /// <summary>The books with the job let go.</summary>
    public WorkerLedger Release() => Released ? this : this with { Released = true, Ending = [.. Ending, Generation] };

    /// <summary>The books as another Batch job begins.</summary>
    public WorkerLedger Next() => this with { Generation = Generation + 1, Released = false, BadNodes = [], Note = null };

    /// <summary>Brings the books up to date with what Batch says now.</summary>
    /// <param name="job">The job.</param>
    /// <param name="tasks">Its tasks.</param>
    /// <param name="nodes">The pool's nodes that are there.</param>
    /// <param name="now">The time.</param>
    public WorkerLedger Observe(string job, IReadOnlyCollection<BatchTask> tasks, IReadOnlyDictionary<string, BatchNode> nodes,
        DateTimeOffset now)
    {
        var books = new Dictionary<string, TaskBooks>(Tasks);
        foreach (var task in tasks)
        {
            var key = Key(job, task.Id);
            bool? isDedicated = task.NodeInfo?.NodeId is { } node && nodes.TryGetValue(node, out var known)
                ? known.IsDedicated ?? false : null;
            books[key] = (books.GetValueOrDefault(key) ?? new()).Observe(task.ExecutionInfo, isDedicated, now);
        }
        var nodeBooks = new Dictionary<string, NodeBooks>(Nodes);
        foreach (var began in tasks.Where(task => task.NodeInfo?.NodeId is not null && task.ExecutionInfo?.StartTime is not null)
            .GroupBy(task => task.NodeInfo!.NodeId!))
        {
            if (nodes.TryGetValue(began.Key, out var there))
                nodeBooks[began.Key] = NodeBooks.Observe(nodeBooks.GetValueOrDefault(began.Key), there, job, [.. began], now);
        }
        return this with { Tasks = books, Nodes = nodeBooks };
    }

    /// <summary>What was used in all.</summary>
    public WorkerUsage Usage(BatchPoolOptions options)
    {
        var spot = Tasks.Values.Sum(task => task.Spot) + Nodes.Values.Sum(node => node.Spot);
        var dedicated = Tasks.Values.Sum(task => task.Dedicated) + Nodes.Values.Sum(node => node.Dedicated);
        return new(
            spot, dedicated, (spot * options.SpotPricePerHour + dedicated * options.DedicatedPricePerHour) / 3600,
            Tasks.Values.Sum(task => task.Retries), Tasks.Values.Sum(task => task.Requeues));
    }

    /// <summary>A task's key.</summary>
    public static string Key(string job, string task) => $"{job}/{task}";
}

/// <summary>One worker task's books.</summary>
internal sealed record TaskBooks
{
    /// <summary>Seconds on spot nodes.</summary>
    public double Spot { get; init; }

    /// <summary>Seconds on dedicated nodes.</summary>
    public double Dedicated { get; init; }

    /// <summary>Times Batch started it again after a failure.</summary>
    public int Retries { get; init; }

    /// <summary>Times it lost its node.</summary>
    public int Requeues { get; init; }

    /// <summary>Up to when its time is booked.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whether its node is dedicated, as last known.</summary>
    public bool OnDedicated { get; init; }

    /// <summary>
    /// Books the time since the last look. Of a start in between, only what follows it is known; at most one look's time is missed.
    /// </summary>
    public TaskBooks Observe(BatchTaskExecutionInfo? info, bool? isDedicated, DateTimeOffset now)
    {
        var onDedicated = isDedicated ?? OnDedicated;
        var books = this with { Retries = Math.Max(Retries, info?.RetryCount ?? 0), Requeues = Math.Max(Requeues, info?.RequeueCount ?? 0),
            OnDedicated = onDedicated };
        if (info?.StartTime is not { } start) return books;

        var from = Until is { } until && until > start ? until : start;
        var to = info.EndTime ?? now;
        if (to <= from) return books;
        var seconds = Instants.Between(from, to).TotalSeconds;
        return onDedicated
            ? books with { Dedicated = Dedicated + seconds, Until = to }
            : books with { Spot = Spot + seconds, Until = to };
    }
}
