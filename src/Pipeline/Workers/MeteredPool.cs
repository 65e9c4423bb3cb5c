using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Workers;

/// <summary>Keeps books of the time that a pool's workers are there for a run, idle or not, in a blob.</summary>
/// <param name="inner">The pool; one that keeps books itself is left alone.</param>
/// <param name="blobs">Where the books are.</param>
/// <param name="pricePerHour">Price of a worker's hour; 0 for none.</param>
/// <param name="clock">The clock.</param>
public sealed class MeteredPool(IWorkerPool inner, IBlobStore blobs, double pricePerHour, TimeProvider clock) : IWorkerPool
{
    // Who looks after workers asks for them several times a minute. After a longer silence the host was down, and so were they.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public double? PricePerWorkerHour => pricePerHour;

    /// <inheritdoc/>
    public async Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default)
    {
        await inner.EnsureAsync(runId, workers, cancellation);
        var count = (await inner.GetAsync(runId, cancellation)).Workers.Count;
        await blobs.ChangeJsonAsync<WorkerMeter>(BlobLayout.WorkerMeter(runId),
            before => (before ?? new()).Seen(clock.GetUtcNow(), count, Silence), cancellation);
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(string runId, CancellationToken cancellation = default)
    {
        await inner.ReleaseAsync(runId, cancellation);
        var meter = await blobs.TryReadJsonAsync<WorkerMeter>(BlobLayout.WorkerMeter(runId), cancellation);
        if (meter?.Until is null) return;
        await blobs.ChangeJsonAsync<WorkerMeter>(BlobLayout.WorkerMeter(runId),
            before => (before ?? new()).Seen(clock.GetUtcNow(), 0, Silence), cancellation);
    }

    /// <inheritdoc/>
    public int? ThreadsFor(WorkersRecipe workers) => inner.ThreadsFor(workers);

    /// <inheritdoc/>
    public async Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default)
    {
        var view = await inner.GetAsync(runId, cancellation);
        if (view.Usage is not null) return view;
        if (await blobs.TryReadJsonAsync<WorkerMeter>(BlobLayout.WorkerMeter(runId), cancellation) is not { } meter) return view;
        var seconds = meter.Seen(clock.GetUtcNow(), 0, Silence).Seconds;
        return view with { Usage = new(0, seconds, seconds * pricePerHour / 3600, 0, 0, OwnMachine: true) };
    }
}

/// <summary>The books of a run's workers on this machine.</summary>
[StoredForm(1)]
internal sealed record WorkerMeter
{
    /// <summary>Worker seconds so far.</summary>
    public double Seconds { get; init; }

    /// <summary>Up to when they are counted; null while there are no workers.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The workers that are there.</summary>
    public int Workers { get; init; }

    /// <summary>The books after a look.</summary>
    /// <param name="now">When.</param>
    /// <param name="workers">The workers that are there now.</param>
    /// <param name="silence">The longest time between two looks in which they were there.</param>
    public WorkerMeter Seen(DateTimeOffset now, int workers, TimeSpan silence)
    {
        var passed = Until is { } until ? Instants.Between(until, now) : TimeSpan.Zero;
        var counted = passed > TimeSpan.Zero && passed <= silence ? passed.TotalSeconds * Workers : 0;
        return new() { Seconds = Seconds + counted, Until = workers > 0 ? now : null, Workers = workers };
    }
}
