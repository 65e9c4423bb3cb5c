using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Stages;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>The mark of a run's end, by which a worker without a queue knows whether it comes too early or too late.</summary>
public class RunEndTests
{
    [Fact]
    public async Task Release_MarkCannotBeWritten_LeavesTheQueue()
    {
        await using var host = new PipelineHost();
        var queue = host.Queues.Open(BlobLayout.JobQueue("run"));
        await queue.SendAsync("job");
        var activities = host.Services.GetRequiredService<StageActivities>();
        host.Blobs.OnAccess = path => _ = path == BlobLayout.RunEnded("run", 2) ? throw new StorageAwayException("away") : 0;
        await Should.ThrowAsync<StorageAwayException>(() => activities.ReleaseWorkersAsync(new("run", Completed: true, 2), default));
        (await queue.CountAsync()).ShouldBe(1);

        host.Blobs.OnAccess = _ => { };
        await activities.ReleaseWorkersAsync(new("run", Completed: true, 2), default);
        (await queue.CountAsync()).ShouldBe(0);
        host.Blobs.Paths.ShouldContain(BlobLayout.RunEnded("run", 2));
    }

    [Fact]
    public async Task Run_Completed_IsMarkedByItsGeneration()
    {
        await using var host = new PipelineHost();
        var broken = true;
        host.Pool.OnJob = _ => broken ? throw new BadInputException("no corpus") : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 1, evaluation: "")), "marked", null);
        try
        {
            await host.WaitAsync("marked", RunStatus.Failed);
        }
        catch (InvalidOperationException)
        {
            // It tells of the error.
        }
        host.Blobs.Paths.ShouldNotContain(path => path.StartsWith("runs/marked/ended/", StringComparison.Ordinal));

        broken = false;
        await host.Runs.RetryAsync("marked");
        await host.WaitAsync("marked", RunStatus.Completed);
        host.Blobs.Paths.Where(path => path.StartsWith("runs/marked/ended/", StringComparison.Ordinal))
            .ShouldBe([BlobLayout.RunEnded("marked", 1)]);
    }
}
