using System.Text;
using R1Cloud.GpuJob.Commands;
using R1Cloud.GpuJob.Jobs.Importing;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Hub;
using R1Cloud.HubStandIn;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Tasks;

/// <summary>Models and data sets that workers and commands fetch from the Hub.</summary>
public sealed class HubInputsTests : IAsyncLifetime
{
    private readonly TempFolder home = new();
    private readonly PublishedModel model = new("{% for m in messages %}{{ m.content }}{% endfor %}=");
    private StandInHub hub = null!;
    private HubName published = null!;
    private HubName rows = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        hub = await StandInHub.StartAsync();
        var files = Directory.GetFiles(model.Path).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
        files["pytorch_model.bin"] = "old weights"u8.ToArray();
        published = new("acme/model", null, null, hub.Add("models", "acme/model", files, gated: "manual"));
        var lines = string.Join('\n', Enumerable.Range(0, 20).Select(i => $$"""{"question":"{{i}}+1=","answer":"{{i + 1}}"}"""));
        rows = new("acme/sums", null, null,
            hub.Add("datasets", "acme/sums", new Dictionary<string, byte[]> { ["train.jsonl"] = Encoding.UTF8.GetBytes(lines) }),
                "train.jsonl");
    }

    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        model.Dispose();
        home.Dispose();
    }

    [Fact]
    public async Task Import_NameOnTheHub_BecomesACheckpointOfTheModelsFiles()
    {
        using var jobs = new JobRunner { Hub = Reader("one") };
        await jobs.RunAsync(_ => new ImportHandler(), new ImportJob
        {
            Seed = 3, Stage = "base", Settings = new ImportStage { Path = published.ToString() }, Checkpoint = "base/", Step = 1,
        });
        var manifest = await jobs.Blobs.ReadJsonAsync<CheckpointManifest>("base/manifest.json");
        manifest.Files.Keys.ShouldContain("model.safetensors");
        manifest.Files.Keys.ShouldNotContain("pytorch_model.bin");
        foreach (var (name, file) in manifest.Files)
            (await jobs.Blobs.TryReadAsync(file.Path))!.ToArray().ShouldBe(File.ReadAllBytes(Path.Combine(model.Path, name)), name);
        hub.Take().ShouldNotContain(exchange => exchange.Path.Contains("pytorch_model", StringComparison.Ordinal));
    }

    // The Hub limits who asks too often: one worker fetches, the others take it from storage.
    [Fact]
    public async Task DataSet_OfTheHub_IsFetchedOnceForAllWorkers()
    {
        using var storage = new TempFolder();
        var blobs = new FolderBlobStore(storage.Path);
        var task = new DatasetTask { Files = [rows.ToString()], HeldOutPercent = 0, Seed = 41 };
        var first = (DatasetProblems)await ProblemTasks.CreateAsync(task, blobs, Reader("one"), Stop);
        first.AllTraining.Count().ShouldBe(20);
        first.AllTraining.First().Origin!.ShouldStartWith(rows.ToString());
        hub.Take().ShouldNotBeEmpty();
        (await blobs.ExistsAsync(BlobLayout.FromHub(rows), Stop)).ShouldBeTrue();

        var second = (DatasetProblems)await ProblemTasks.CreateAsync(task with { Seed = 42 }, blobs, Reader("two"), Stop);
        second.AllTraining.Count().ShouldBe(20);
        hub.Take().ShouldBeEmpty();
        Directory.Exists(home["two"]).ShouldBeFalse();
    }

    [Fact]
    public async Task DataSet_ThatWasNotLookedUp_IsRefused() =>
        (await Should.ThrowAsync<BadInputException>(() => ProblemTasks.CreateAsync(
            new DatasetTask { Files = ["hf:acme/sums"] }, null, Reader("one"), Stop)))
                .Message.ShouldContain("not looked up on the Hub before");

    [Fact]
    public async Task Commands_NamesOnTheHub_AreFetched()
    {
        var (code, output) = await RunAsync("generate", "--model", "hf:acme/model", "--ids", Ids(), "--max-tokens", "3", "--greedy",
            "--json");
        code.ShouldBe(ExitCodes.Done, output);
        output.ShouldContain("\"ids\"");
        (code, var inspected) = await RunAsync("inspect", "hf:acme/model@main", "--json");
        code.ShouldBe(ExitCodes.Done, inspected);
        (code, var counted) = await RunAsync("data", "hf:acme/sums", "--held-out", "0");
        code.ShouldBe(ExitCodes.Done, counted);
        counted.ShouldContain("training              20");
    }

    [Fact]
    public async Task Command_NameThatIsNotThere_IsBadInput()
    {
        var (code, output) = await RunAsync("inspect", "hf:acme/absent");
        code.ShouldBe(ExitCodes.BadInput);
        output.ShouldContain("acme/absent");
        output.ShouldNotContain("hf_standin_member");
    }

    private string Ids()
    {
        File.WriteAllText(home["ids.jsonl"], "[1,2,3]\n");
        return home["ids.jsonl"];
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        var variables = new Dictionary<string, string?>
        {
            ["HF_ENDPOINT"] = hub.Url, ["HF_HOME"] = home["cli"], ["HF_TOKEN"] = "hf_standin_member",
        };
        var code = await TrainerCommandLine.RunAsync(arguments,
            new CommandStreams(TextReader.Null, output, output) { Variable = variables.GetValueOrDefault });
        return (code, output.ToString());
    }

    private HubReader Reader(string worker) => new(() => new()
    {
        Endpoint = hub.Url, CacheFolder = home[worker], Token = "hf_standin_member",
    }, new(TimeProvider.System, () => 0.5));
}
