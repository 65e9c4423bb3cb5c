using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.Orchestrator.BatchWorkers;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>A worker pool over a scripted Batch: what tests of it begin with.</summary>
public abstract class BatchPoolTests : IDisposable
{
    private protected const string Job = "r1-run-a-0";
    private protected const string Digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private protected static readonly WorkersRecipe Four = new() { Count = 4, Device = "cuda" };

    private protected static readonly BatchPoolOptions Options = new()
    {
        PoolId = "gpu",
        Image = "r1.azurecr.io/gpujob@sha256:" + Digest,
        Storage = "https://store.blob.core.windows.net",
        IdentityResourceId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/workers",
        IdentityClientId = "client-1",
        SpotPricePerHour = 1,
        DedicatedPricePerHour = 4,
        ViewAge = TimeSpan.Zero,
    };

    private protected readonly FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private protected readonly WatchedBlobStore blobs = new();
    private protected readonly MemoryQueues queues = new();
    private protected readonly ScriptedBatch batch;
    private protected readonly BatchWorkerPool pool;

    protected BatchPoolTests()
    {
        batch = new(clock);
        pool = new(batch, Options, blobs, queues.Open, clock, NullLogger<BatchWorkerPool>.Instance);
    }

    public void Dispose()
    {
        blobs.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected ScriptedNode Node(string id, bool dedicated = false) => batch.Nodes[id] = new(id, clock.GetUtcNow(), dedicated);

    private protected void FailForGood(string task, int code, string stderr)
    {
        for (var attempt = 0; attempt <= Options.TaskRetries; attempt++) batch.Exit(Job, task, code, stderr);
    }

    private protected async Task QueueAsync(int jobs)
    {
        for (var i = 0; i < jobs; i++) await queues.Open(BlobLayout.JobQueue("run-a")).SendAsync("{}");
    }
}
