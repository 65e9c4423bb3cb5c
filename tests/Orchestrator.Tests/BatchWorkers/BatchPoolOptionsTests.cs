using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Orchestrator.BatchWorkers;
using R1Cloud.Testing;

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
        await StartAsync(("R1_CONTAINER_OPTIONS", setting));
        batch[Job, "worker-0-0"].Options.ContainerSettings!.ContainerRunOptions.ShouldBe(options ?? Options.ContainerOptions);
    }

    // Processes of an engine that computes one model on several GPUs hand data over there.
    [Theory]
    [InlineData("8", "", "--shm-size 64g ")]
    [InlineData("1", "", "--shm-size 1g ")]
    [InlineData(null, "", "--shm-size 1g ")]
    [InlineData("8", "--shm-size 2g", "--shm-size 2g")]
    public async Task SharedMemory_OfTheNode_IsTheContainers(string? gpus, string options, string expected)
    {
        await StartAsync(("R1_GPUS_PER_NODE", gpus), ("R1_CONTAINER_OPTIONS", options));
        batch[Job, "worker-0-0"].Options.ContainerSettings!.ContainerRunOptions!.ShouldContain(expected);
    }

    [Fact]
    public void ContainerOptions_OfTheDocuments_AreThoseWithoutASetting() =>
        File.ReadAllText(Repository.PathOf("docs", "azure.md")).ShouldContain($"empty means\n`{Options.ContainerOptions}`");

    /// <summary>Workers send where the app sends, as themselves.</summary>
    [Fact]
    public async Task Telemetry_OfTheSettings_IsTheTasks()
    {
        await StartAsync(("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=k"),
            ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD;ClientId=the-app"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_SERVICE_NAME", "the-app"));
        batch[Job, "worker-0-0"].Options.EnvironmentSettings.ToDictionary(setting => setting.Name, setting => setting.Value)
            .ShouldBe(new Dictionary<string, string?>
            {
                ["R1_STORAGE"] = Options.Storage, ["AZURE_CLIENT_ID"] = Options.IdentityClientId,
                ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = "InstrumentationKey=k",
                ["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] = $"Authorization=AAD;ClientId={Options.IdentityClientId}",
                ["OTEL_TRACES_SAMPLER"] = "traceidratio", ["HF_HOME"] = "$AZ_BATCH_TASK_WORKING_DIR/huggingface",
            }, ignoreOrder: true);
    }

    // The task's folder is the one place for files of some size.
    [Theory]
    [InlineData(null, null, "HF_HOME=$AZ_BATCH_TASK_WORKING_DIR/huggingface")]
    [InlineData("HF_HOME", "/mnt/hub", "HF_HOME=/mnt/hub")]
    [InlineData("HF_ENDPOINT", "https://hub.example.com",
        "HF_ENDPOINT=https://hub.example.com HF_HOME=$AZ_BATCH_TASK_WORKING_DIR/huggingface")]
    [InlineData("HF_TOKEN", "hf_x", "HF_HOME=$AZ_BATCH_TASK_WORKING_DIR/huggingface HF_TOKEN=hf_x")]
    public async Task Hub_OfTheSettings_IsToldToWorkers(string? name, string? value, string told)
    {
        await StartAsync([.. name is null ? [] : ((string, string?)[])[(name, value)]]);
        batch[Job, "worker-0-0"].Options.EnvironmentSettings.Where(setting => setting.Name.StartsWith("HF_", StringComparison.Ordinal))
            .Select(setting => $"{setting.Name}={setting.Value}").Order().ShouldBe(told.Split(' '));
    }

    private async Task StartAsync(params (string Name, string? Value)[] settings)
    {
        var all = new Dictionary<string, string?>
        {
            ["R1_BATCH_POOL"] = "gpu", ["R1_IMAGE"] = Options.Image, ["R1_STORAGE"] = Options.Storage,
            ["R1_WORKER_IDENTITY"] = Options.IdentityResourceId, ["R1_WORKER_CLIENT_ID"] = Options.IdentityClientId,
        };
        foreach (var (name, value) in settings) all[name] = value;
        var read = BatchPoolOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(all).Build());
        var told = new BatchWorkerPool(batch, read, blobs, queues.Open, clock, NullLogger<BatchWorkerPool>.Instance);
        await told.EnsureAsync("run-a", Four);
    }
}
