using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Orchestrator.BatchWorkers;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>The app's settings reach the tasks that it starts.</summary>
public sealed class BatchPoolOptionsTests : BatchPoolTests
{
    [Theory]
    [InlineData("--read-only --memory 8g", "--read-only --memory 8g")]
    [InlineData("", null)]
    [InlineData(null, null)]
    public async Task ContainerOptions_OfTheSettings_AreTheTasks(string? setting, string? options)
    {
        var read = BatchPoolOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["R1_BATCH_POOL"] = "gpu", ["R1_IMAGE"] = Options.Image, ["R1_STORAGE"] = Options.Storage,
                ["R1_WORKER_IDENTITY"] = Options.IdentityResourceId,
            ["R1_WORKER_CLIENT_ID"] = Options.IdentityClientId, ["R1_CONTAINER_OPTIONS"] = setting,
        }).Build());
        var told = new BatchWorkerPool(batch, read, blobs, queues.Open, clock, NullLogger<BatchWorkerPool>.Instance);

        await told.EnsureAsync("run-a", Four);

        batch[Job, "worker-0-0"].Options.ContainerSettings!.ContainerRunOptions.ShouldBe(options ?? Options.ContainerOptions);
    }
}
