using R1Cloud.LocalHost.WorkerProcesses;

namespace R1Cloud.LocalHost.Torture;

/// <summary>A way to disturb a run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Strikes">
/// Does it; given a number in [0, 1) that chooses among several processes. Returns the workers that it struck; null when there was nothing
/// to strike.
/// </param>
/// <param name="StandsStill">Whether it takes as long as processes are to stand still.</param>
internal sealed record Nemesis(
    string Name, Func<Victim, NemesisOptions, double, Task<IReadOnlyCollection<string>?>> Strikes, bool StandsStill = false)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Nemesis> All { get; } =
    [
        new("kill worker", (victim, _, draw) => WorkerAsync(victim, draw, ProcessSignals.Kill)),
        new("kill host", async (victim, _, _) =>
        {
            var children = await ProcessTable.DescendantsAsync(victim.HostId);
            var workers = await victim.WorkersAsync();
            ProcessSignals.Kill([victim.HostId]);
            await victim.GoneAsync(children);
            return [.. workers.Keys];
        }),
        new("kill storage", async (victim, _, _) =>
        {
            var children = await ProcessTable.DescendantsAsync(victim.HostId);
            var (workers, storage) = (await victim.WorkersAsync(), await victim.StorageAsync());
            if (storage.Count == 0) return null;
            ProcessSignals.Kill(storage);
            // The host cannot go on without: it leaves, and tells so.
            await victim.GoneAsync(children);
            return [.. workers.Keys];
        }),
        new("kill all at once", async (victim, _, _) =>
        {
            var workers = await victim.WorkersAsync();
            await victim.KillAllAsync();
            return [.. workers.Keys];
        }),
        new("freeze worker", (victim, options, draw) =>
            WorkerAsync(victim, draw, worker => FreezeAsync(worker, options.Freeze)), StandsStill: true),
        new("freeze host", async (victim, options, _) =>
        {
            var workers = await victim.WorkersAsync();
            await FreezeAsync([victim.HostId], options.Freeze);
            return [.. workers.Keys];
        }, StandsStill: true),
        new("freeze storage", async (victim, options, _) =>
        {
            var (workers, storage) = (await victim.WorkersAsync(), await victim.StorageAsync());
            if (storage.Count == 0) return null;
            await FreezeAsync(storage, options.Freeze);
            return [.. workers.Keys];
        }, StandsStill: true),
        new("terminate worker", (victim, _, draw) => WorkerAsync(victim, draw, ProcessSignals.Terminate)),
        new("terminate host", async (victim, _, _) =>
        {
            var children = await ProcessTable.DescendantsAsync(victim.HostId);
            var workers = await victim.WorkersAsync();
            ProcessSignals.Terminate([victim.HostId]);
            await victim.GoneAsync(children);
            return [.. workers.Keys];
        }),
    ];

    private static Task<IReadOnlyCollection<string>?> WorkerAsync(Victim victim, double draw, Action<IReadOnlyList<int>> strike) =>
        WorkerAsync(victim, draw, worker =>
        {
            strike(worker);
            return Task.CompletedTask;
        });

    private static async Task<IReadOnlyCollection<string>?> WorkerAsync(Victim victim, double draw, Func<IReadOnlyList<int>, Task> strike)
    {
        var workers = (await victim.WorkersAsync()).OrderBy(worker => worker.Key, StringComparer.Ordinal).ToList();
        if (workers.Count == 0) return null;
        var (name, id) = workers[(int)(draw * workers.Count)];
        await strike([id]);
        return [name];
    }

    // Longer than the heartbeat: another worker has its job by the time it wakes, and wants to commit.
    private static async Task FreezeAsync(IReadOnlyList<int> processes, TimeSpan duration)
    {
        ProcessSignals.Stop(processes);
        try
        {
            await Task.Delay(duration);
        }
        finally
        {
            ProcessSignals.Continue(processes);
        }
    }
}

/// <summary>What ways to disturb a run need to know.</summary>
/// <param name="Freeze">How long a frozen process stands still.</param>
internal sealed record NemesisOptions(TimeSpan Freeze);
