using R1Cloud.LocalHost.Hosting;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.Hosting;

/// <summary>Whoever writes into storage writes no file of the host's user but below the run's folder.</summary>
public sealed class StoredNameTests : IDisposable
{
    private const string Checkpoint = $"runs/{SampleRuns.Id}/checkpoints/base/step-000001/";

    private readonly TestFolder folder = new();
    private readonly MemoryBlobs blobs = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Copy_GoodNames_AreCopied()
    {
        await blobs.WriteAsync($"runs/{SampleRuns.Id}/report/report.html", new("<p>"));
        await blobs.WriteAsync(Checkpoint + "manifest.json", new(Manifest("config.json")));
        await blobs.WriteAsync("evil", new("{}"));
        await CopyAsync();
        Written().ShouldBe(["run/model/config.json", "run/report.html"]);
    }

    [Theory]
    [InlineData("/ABSOLUTE/owned")]
    [InlineData("../owned")]
    [InlineData("a/../../owned")]
    [InlineData("..\\owned")]
    public async Task Copy_ReportThatLeadsOut_WritesNothing(string name)
    {
        await blobs.WriteAsync($"runs/{SampleRuns.Id}/report/{name.Replace("/ABSOLUTE", folder.Root, StringComparison.Ordinal)}",
            new("owned"));
        await Should.ThrowAsync<StorageException>(CopyAsync);
        Written().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/ABSOLUTE/owned")]
    [InlineData("../owned")]
    [InlineData("../../owned")]
    public async Task Copy_ManifestThatLeadsOut_WritesNothing(string name)
    {
        await blobs.WriteAsync(Checkpoint + "manifest.json",
            new(Manifest(name.Replace("/ABSOLUTE", folder.Root, StringComparison.Ordinal))));
        await blobs.WriteAsync("evil", new("owned"));
        await Should.ThrowAsync<StorageException>(CopyAsync);
        Written().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("../../owned")]
    [InlineData("/ABSOLUTE/owned")]
    public async Task Copy_StageThatLeadsOut_WritesNothing(string label)
    {
        label = label.Replace("/ABSOLUTE", folder.Root, StringComparison.Ordinal);
        await blobs.WriteAsync(BlobLayout.TensorBoard(SampleRuns.Id, label), new("owned"));
        await Should.ThrowAsync<StorageException>(() => CopyAsync(SampleRuns.Base with { Name = label, Label = label }));
        Written().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/x")]
    public void DataFolder_RunThatLeadsOut_HasNoFolder(string id)
    {
        Should.Throw<StorageException>(() => new DataFolder(folder[".r1"]).Run(id));
        Should.Throw<StorageException>(() => new DataFolder(folder[".r1"]).WorkerLog(id, "worker-0"));
    }

    private Task<IReadOnlyList<(string What, string Path)>> CopyAsync() => CopyAsync(SampleRuns.Base with { Checkpoint = Checkpoint });

    private Task<IReadOnlyList<(string What, string Path)>> CopyAsync(StageView stage) =>
        RunFiles.CopyAsync(blobs, SampleRuns.Run(RunStatus.Completed, stage), folder["run"], TestContext.Current.CancellationToken);

    private static string Manifest(string name) =>
        $$$$"""{"stage":"base","step":1,"attempt":"a","files":{"{{{{name}}}}":{"path":"evil","length":2,"sha256":"x"}}}""";

    private List<string> Written() =>
        [.. Directory.EnumerateFiles(folder.Root, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];
}
