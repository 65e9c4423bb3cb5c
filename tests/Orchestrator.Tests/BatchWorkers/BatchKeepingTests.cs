using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Orchestrator.BatchWorkers;
using R1Cloud.Orchestrator.Tests.Functions;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Upkeep;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>The app's look after its runs' workers, over a Batch that does not answer.</summary>
public sealed class BatchKeepingTests : BatchPoolTests
{
    [Fact]
    public async Task Keep_WhileBatchHangsForOneRun_DoesNotHoldUpAnotherAndEndsByItsLimit()
    {
        await using var server = await OrchestratorServer.StartAsync();
        var (go, answers) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Pool.OnJob = _ => go.Task;
        // Whatever order they are looked after in, one comes after that which hangs.
        foreach (var id in new[] { "run-b", "run-a", "run-c" }) await StartAsync(server.Client, id);
        var told = new ToldPool(new BatchWorkerPool(
            new SteppedBatch(batch, job => job == Job ? answers.Task : Task.CompletedTask), Options, server.Blobs, server.Queues.Open,
                clock, NullLogger<BatchWorkerPool>.Instance), "run-b", "run-c");
        var keeper = ActivatorUtilities.CreateInstance<WorkerKeeper>(server.Services, (TimeProvider)clock, (IWorkerPool)told);

        var keeping = keeper.KeepAsync(default);
        await told.Ensured.Task.OrTellAsync("run-b and run-c have no workers, while Batch hangs for run-a");

        foreach (var job in new[] { "r1-run-b-0", "r1-run-c-0" }) batch.Tasks(job).Count().ShouldBe(1);
        keeping.IsCompleted.ShouldBeFalse("run-a waits for Batch, within its limit");
        clock.Advance(server.Services.GetRequiredService<PipelineOptions>().WorkerCheckLimit);
        await keeping.OrTellAsync("the look at run-a has not ended, though its limit is over");
        batch.Jobs.ShouldNotContain(Job);

        answers.SetResult();
        await keeper.KeepAsync(default);
        batch.Tasks(Job).Count().ShouldBe(1, "the next look sees to it");
        go.SetResult();
    }

    private static async Task StartAsync(HttpClient client, string id)
    {
        using var body = new StringContent(TestRecipes.Json(id), Encoding.UTF8, "application/json");
        (await client.PostAsync($"/api/runs?id={id}", body)).EnsureSuccessStatusCode();
        for (var left = 15_000; ; left--)
        {
            var run = await client.GetFromJsonAsync<RunView>($"/api/runs/{id}", R1Json.Options);
            if (run!.Stages[0].Status == StageStatus.Running) return;
            left.ShouldBeGreaterThan(0, $"'{id}' does not begin");
            await Task.Delay(20);
        }
    }

    // Tells when some runs have their workers.
    private sealed class ToldPool(IWorkerPool inner, params string[] runs) : IWorkerPool
    {
        private readonly ConcurrentDictionary<string, bool> ensured = new(StringComparer.Ordinal);

        public TaskCompletionSource Ensured { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default)
        {
            await inner.EnsureAsync(runId, workers, cancellation);
            ensured[runId] = true;
            if (runs.All(ensured.ContainsKey)) Ensured.TrySetResult();
        }

        public Task ReleaseAsync(string runId, CancellationToken cancellation = default) => inner.ReleaseAsync(runId, cancellation);

        public int? ThreadsFor(WorkersRecipe workers) => inner.ThreadsFor(workers);

        public Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default) =>
            inner.GetAsync(runId, cancellation);
    }
}
