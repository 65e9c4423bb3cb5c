using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>A host with real workers on which <see cref="WholeChain"/> has run undisturbed, as run <c>a</c>.</summary>
public sealed class WholeChainFixture : IAsyncLifetime
{
    private LocalHostApp host = null!;
    private RunClient client = null!;

    internal TestFolder Folder { get; } = new();

    internal string Recipe { get; private set; } = null!;

    internal RunView First { get; private set; } = null!;

    internal IBlobStore Blobs => host.Blobs;

    public async ValueTask InitializeAsync()
    {
        Recipe = WholeChain.Write(Folder);
        var options = new LocalHostOptions { DataFolder = Folder[".r1"], Port = 0, FileFolders = [Folder.Root] };
        host = await LocalHostApp.StartAsync(options, default);
        client = new RunClient(host.Address, host.Key);
        First = await RunAsync("a", WholeChain.Load(Recipe));
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (host is not null) await host.DisposeAsync();
        Folder.Dispose();
    }

    /// <summary>Runs a recipe to its end.</summary>
    internal async Task<RunView> RunAsync(string id, LoadedRecipe recipe)
    {
        await client.StartAsync(id, recipe.ResolvedJson, reuse: true, default);
        return await EndAsync(id);
    }

    /// <summary>What a run of a recipe would take over.</summary>
    internal async Task<IReadOnlyList<StageReuse>> PlanAsync(LoadedRecipe recipe) =>
        (await client.ReuseAsync(recipe.ResolvedJson, reuse: true, default)).Stages;

    /// <summary>Runs a stage of a finished run again, and what depends on it.</summary>
    internal async Task<RunView> RetryAsync(string id, string stage)
    {
        await client.SteerAsync(Pipeline.Api.ApiRoutes.Retry, id, stage, default);
        return await EndAsync(id);
    }

    /// <summary>The ids of the jobs that a run has had.</summary>
    internal async Task<IReadOnlyList<string>> JobsAsync(string id)
    {
        var (prefix, result) = (BlobLayout.Run(id) + "jobs/", "/result.json");
        return [.. (await Blobs.ListAsync(prefix).ToListAsync()).Select(blob => blob.Path)
            .Where(path => path.EndsWith(result, StringComparison.Ordinal)).Select(path => path[prefix.Length..^result.Length])];
    }

    internal Task<Dictionary<string, string>> WeightsAsync(RunView run) => WholeChain.WeightsAsync(Blobs, run);

    internal Task<Pipeline.Report.RunReport> ReportAsync(string id) => client.ReportAsync(id, default);

    private async Task<RunView> EndAsync(string id)
    {
        RunView? run = null;
        await Eventually.BeTrueAsync(async () =>
            (run = await client.GetAsync(id, default)).Status is RunStatus.Completed or RunStatus.Failed, $"end of run {id}", 1800);
        run!.Status.ShouldBe(RunStatus.Completed, run.Error);
        return run;
    }
}
