using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Tests.Runs;

/// <summary>Runs begin one at a time, and yet none waits for another's workers.</summary>
public sealed class RunAdmissionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    [Fact]
    public async Task Create_BesideARunWhosePoolDoesNotAnswer_DoesNotWaitForIt()
    {
        await using var host = new PipelineHost();
        using var stop = new CancellationTokenSource();
        var recipe = TestRecipes.Load(TestRecipes.Json(iterations: 1, evaluation: ""));
        await host.Runs.CreateAsync(recipe, "silent", null);
        await host.WaitAsync("silent", RunStatus.Completed);
        host.Pool.Silent = "silent";

        var asked = host.Runs.CreateAsync(recipe, "silent", null, cancellation: stop.Token);
        await host.Pool.AskedInVain.Task.WaitAsync(Patience);

        (await host.Runs.CreateAsync(recipe, "other", null).WaitAsync(Patience)).Id.ShouldBe("other");
        asked.IsCompleted.ShouldBeFalse();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task Retry_BesideARunWhosePoolDoesNotAnswer_DoesNotWaitForIt()
    {
        await using var host = new PipelineHost();
        using var stop = new CancellationTokenSource();
        var recipe = TestRecipes.Load(TestRecipes.Json(iterations: 1, evaluation: ""));
        host.Pool.OnJob = _ => throw new BadInputException("no");
        foreach (var id in new[] { "silent", "other" })
        {
            await host.Runs.CreateAsync(recipe, id, null);
            await host.WaitAsync(id, RunStatus.Failed);
        }
        host.Pool.OnJob = _ => Task.CompletedTask;
        host.Pool.Silent = "silent";

        var asked = host.Runs.RetryAsync("silent", cancellation: stop.Token);
        await host.Pool.AskedInVain.Task.WaitAsync(Patience);

        (await host.Runs.RetryAsync("other").WaitAsync(Patience)).Id.ShouldBe("other");
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asked);
        host.Pool.Silent = null;
    }
}
