using Azure.Compute.Batch;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.Orchestrator.BatchWorkers;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>Two instances of the app over one Batch and one storage, interleaved at each of their calls.</summary>
public sealed class BatchRaceTests : BatchPoolTests
{
    [Theory]
    [InlineData("nothing yet", "ensure", "release")]
    [InlineData("nothing yet", "ensure", "ensure")]
    [InlineData("workers", "ensure", "release")]
    [InlineData("workers", "ensure", "ensure")]
    [InlineData("workers", "release", "release")]
    [InlineData("released", "ensure", "release")]
    [InlineData("released", "ensure", "ensure")]
    [InlineData("ended by hand", "ensure", "ensure")]
    [InlineData("ended by hand", "ensure", "release")]
    [InlineData("nothing yet", "release", "ensure")]
    [InlineData("workers", "release", "ensure")]
    [InlineData("released", "release", "ensure")]
    public Task TwoPools_InEveryOrder_LeaveNoWorkersOfAReleasedRunAndCanGoOn(string before, string first,
        string second) => Task.Run(async () =>
    {
        // Away from the test framework's context: steps follow each other on one thread.
        var orders = await Interleavings.ExploreAsync(async (one, other) =>
        {
            var world = await World.OpenAsync(before);
            return (world.DoAsync(first, one), world.DoAsync(second, other),
                () => world.CheckAsync(first == "ensure" && second == "ensure"));
        });
        orders.ShouldBeGreaterThan(20);
    });

    // A run's Batch, books and queue.
    private sealed class World
    {
        private readonly FakeTimeProvider clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        private readonly MemoryBlobs blobs = new();
        private readonly MemoryQueues queues = new();
        private readonly ScriptedBatch batch;

        private World() => batch = new(clock);

        public static async Task<World> OpenAsync(string before)
        {
            var world = new World();
            for (var i = 0; i < 2; i++) await world.queues.Open(BlobLayout.JobQueue("run-a")).SendAsync("{}");
            if (before == "nothing yet") return world;
            await world.Pool(() => Task.CompletedTask).EnsureAsync("run-a", Four);
            if (before == "released") await world.Pool(() => Task.CompletedTask).ReleaseAsync("run-a");
            if (before == "ended by hand") await world.batch.TerminateJobAsync(Azure.WaitUntil.Started, Job);
            return world;
        }

        public Task DoAsync(string what, Step step) =>
            what == "ensure" ? Pool(step).EnsureAsync("run-a", Four) : Pool(step).ReleaseAsync("run-a");

        public async Task CheckAsync(bool wanted)
        {
            var ledger = await blobs.ReadJsonAsync<WorkerLedger>(BlobLayout.WorkerLedger("run-a"));
            if (wanted) ledger.Released.ShouldBeFalse();
            var living = batch.Jobs.Where(job => batch.Tasks(job).Any(task => task.State != BatchTaskState.Completed)).ToList();
            if (ledger.Released) living.ShouldBeEmpty();
            else living.ShouldBe([WorkerTasks.JobId("run-a", ledger.Generation)]);

            // Whatever happened: the run gets its workers again, as many as it has jobs and none twice.
            var pool = Pool(() => Task.CompletedTask);
            await pool.EnsureAsync("run-a", Four);
            ledger = await blobs.ReadJsonAsync<WorkerLedger>(BlobLayout.WorkerLedger("run-a"));
            ledger.Released.ShouldBeFalse();
            batch.Tasks(WorkerTasks.JobId("run-a", ledger.Generation)).Select(task => task.Options.Id)
                .ShouldBe(["worker-0-0", "worker-1-0"]);
            await pool.ReleaseAsync("run-a");
            batch.Jobs.SelectMany(batch.Tasks).ShouldAllBe(task => task.State == BatchTaskState.Completed);
        }

        private BatchWorkerPool Pool(Step step) => new(
            new SteppedBatch(batch, _ => step()), Options, new SteppedBlobs(blobs, step), queues.Open, clock,
                NullLogger<BatchWorkerPool>.Instance);
    }
}
