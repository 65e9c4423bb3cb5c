using Azure.Compute.Batch;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Orchestrator.BatchWorkers;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

public sealed class BatchWorkerPoolTests : BatchPoolTests
{
    [Fact]
    public async Task EnsureAsync_Twice_MakesOneJobAndAsManyWorkersAsJobsWait()
    {
        await pool.EnsureAsync("run-a", Four);
        batch.Tasks(Job).Select(task => task.Options.Id).ShouldBe(["worker-0-0"]);

        await QueueAsync(3);
        await pool.EnsureAsync("run-a", Four);
        await pool.EnsureAsync("run-a", Four);
        batch.Jobs.ShouldBe([Job]);
        batch.Tasks(Job).Select(task => task.Options.Id).ShouldBe(["worker-0-0", "worker-1-0", "worker-2-0"]);

        await QueueAsync(100);
        await pool.EnsureAsync("run-a", Four);
        batch.Tasks(Job).Count().ShouldBe(4);
    }

    [Fact]
    public async Task EnsureAsync_ModelsOverSeveralDevices_AreTheWorkersOption()
    {
        await pool.EnsureAsync("run-a", Four with { Device = "cuda", DevicesPerReplica = 4 });
        batch[Job, "worker-0-0"].Options.CommandLine.ShouldEndWith("--device cuda --idle-limit 900 --devices-per-replica 4");
    }

    [Fact]
    public async Task EnsureAsync_Task_IsTheContainerWithoutSecrets()
    {
        await pool.EnsureAsync("run-a", Four);
        var task = batch[Job, "worker-0-0"].Options;
        task.CommandLine.ShouldBe("work --run run-a --worker worker-0 --threads 4 --device cuda --idle-limit 900");
        task.ContainerSettings!.ImageName.ShouldBe(Options.Image);
        task.ContainerSettings.ContainerRunOptions!.ShouldNotContain("--gpus");
        foreach (var right in new[] { "--cap-drop ALL", "--security-opt no-new-privileges", "--read-only", "--tmpfs /tmp:rw,nosuid,nodev" })
            task.ContainerSettings.ContainerRunOptions!.ShouldContain(right);
        task.ContainerSettings.ContainerRunOptions!.ShouldNotContain("--privileged");
        task.ContainerSettings.ContainerRunOptions!.ShouldNotContain("--cap-add");
        task.EnvironmentSettings.ToDictionary(setting => setting.Name, setting => setting.Value).ShouldBe(new Dictionary<string, string?>
        {
            ["R1_STORAGE"] = Options.Storage, ["AZURE_CLIENT_ID"] = "client-1",
        });
        task.Constraints!.RetentionTime.ShouldBe(TimeSpan.FromDays(2));
        var logs = task.OutputFiles.Single().Destination.Container!;
        logs.Path.ShouldBe("runs/run-a/workers/worker-0-0");
        logs.ContainerUri.ShouldBe(new Uri("https://store.blob.core.windows.net/r1-cloud"));
        logs.IdentityReference!.ResourceId!.ToString().ShouldBe(Options.IdentityResourceId);
    }

    [Fact]
    public async Task Preemption_InMidJob_ComesBackWithoutARetryAndIsBooked()
    {
        Node("spot-1");
        await pool.EnsureAsync("run-a", Four);
        batch.Schedule();
        await pool.EnsureAsync("run-a", Four);
        clock.Advance(TimeSpan.FromMinutes(30));
        await pool.EnsureAsync("run-a", Four);
        batch.Preempt("spot-1");
        clock.Advance(TimeSpan.FromMinutes(10));
        await pool.EnsureAsync("run-a", Four);

        var view = await pool.GetAsync("run-a");
        view.Workers.Single().State.ShouldBe("starting");
        view.LastError.ShouldBeNull();

        Node("dedicated-1", dedicated: true);
        batch.Schedule();
        clock.Advance(TimeSpan.FromMinutes(30));
        view = await pool.GetAsync("run-a");
        batch.Tasks(Job).Count().ShouldBe(1);
        view.Workers.Single().ShouldSatisfyAllConditions(
            worker => worker.State.ShouldBe("running"),
            worker => worker.Location.ShouldBe("dedicated-1 (dedicated)"),
            worker => worker.Log.ShouldBe("runs/run-a/workers/worker-0-0/"),
            worker => worker.Restarts.ShouldBe(1));
        view.Usage.ShouldBe(new WorkerUsage(1800, 1800, 0.5 + 2, Retries: 0, Requeues: 1));
    }

    [Fact]
    public async Task Worker_ThatWasPreemptedOrRanOutOfWork_IsReplacedWithoutBlame()
    {
        Node("spot-1");
        await pool.EnsureAsync("run-a", Four);
        for (var number = 0; number < 10; number++)
        {
            batch.Schedule();
            batch[Job, $"worker-0-{number}"].Retries = 2;
            batch.Exit(Job, $"worker-0-{number}", number % 2 == 0 ? 30 : 0);
            await pool.EnsureAsync("run-a", Four);
        }
        (await pool.GetAsync("run-a")).LastError.ShouldBeNull();
        batch.Tasks(Job).Count().ShouldBe(11);
    }

    [Fact]
    public async Task Node_ThatFailsEveryTask_GetsNoMoreAndAnotherTakesOver()
    {
        Node("bad");
        await pool.EnsureAsync("run-a", Four);
        for (var number = 0; number < 3; number++)
        {
            batch.Schedule();
            FailForGood($"worker-0-{number}", 134, "libcuda.so.1 cannot be loaded");
            await pool.EnsureAsync("run-a", Four);
        }
        batch.Nodes["bad"].State.ShouldBe(BatchNodeState.Offline);
        batch.Schedule();
        batch[Job, "worker-0-3"].State.ShouldBe(BatchTaskState.Active);

        Node("good");
        batch.Schedule();
        var view = await pool.GetAsync("run-a");
        view.Workers.Single().Location.ShouldBe("good (spot)");
        view.LastError.ShouldNotBeNull().ShouldStartWith("node bad failed 3 workers and gets no more – ");
        view.Usage!.Retries.ShouldBe(6);
    }

    [Fact]
    public async Task Node_ThatIsOffAlready_IsNoTrouble()
    {
        Node("bad");
        await pool.EnsureAsync("run-a", Four);
        for (var number = 0; number < 3; number++)
        {
            batch.Schedule();
            FailForGood($"worker-0-{number}", 134, "");
            // Another instance of the app died after it had switched the node off, before it could write so down.
            if (number == 2) await batch.DisableNodeSchedulingAsync("gpu", "bad");
            await pool.EnsureAsync("run-a", Four);
        }
        batch[Job, "worker-0-3"].State.ShouldBe(BatchTaskState.Active);
    }

    [Fact]
    public async Task Worker_ThatFailsEverywhere_IsGivenUpAndSaysWhy()
    {
        await pool.EnsureAsync("run-a", Four);
        for (var number = 0; number < 6; number++)
        {
            batch.Nodes.Clear();
            Node($"node-{number}");
            batch.Schedule();
            FailForGood($"worker-0-{number}", 137, "");
            await pool.EnsureAsync("run-a", Four);
        }
        await pool.EnsureAsync("run-a", Four);
        // One name is given up, another is tried: the next worker in line.
        batch.Tasks(Job).Count(task => task.Options.Id.StartsWith("worker-0-", StringComparison.Ordinal)).ShouldBe(6);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull()
            .ShouldContain("worker-0-5 on node node-5 ended with exit code 137 – killed: most likely out of memory");

        await pool.ReleaseAsync("run-a");
        await pool.EnsureAsync("run-a", Four);
        batch.Tasks("r1-run-a-1").Single().Options.Id.ShouldBe("worker-0-0");
    }

    [Fact]
    public async Task Worker_WithBadInput_IsNotTriedAgain()
    {
        var one = new WorkersRecipe { Count = 1 };
        Node("node");
        await pool.EnsureAsync("run-a", one);
        batch.Schedule();
        FailForGood("worker-0-0", 10, "recipe: stages.rl.task 'chess' is unknown");
        await pool.EnsureAsync("run-a", one);
        batch.Tasks(Job).Count().ShouldBe(1);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain("'chess' is unknown – what it was given is wrong");
    }

    [Fact]
    public async Task EnsureAsync_TaskThatExistsByAnothersHand_IsSuccess()
    {
        await pool.EnsureAsync("run-a", Four);
        await QueueAsync(2);
        // Another instance of the app was quicker, after this one had looked.
        await batch.CreateTaskAsync(Job, WorkerTasks.Task("run-a", new(1, 0), Four, Options));
        await pool.EnsureAsync("run-a", Four);
        batch.Refuse(1, 409, "JobExists");
        await pool.EnsureAsync("run-a", Four);
        batch.Tasks(Job).Count().ShouldBe(2);
    }

    [Fact]
    public async Task EnsureAsync_Race_TaskExistsOnCreate_IsSuccess()
    {
        await blobs.WriteJsonAsync(BlobLayout.WorkerLedger("run-a"), new WorkerLedger());
        // Job, tasks, nodes and pool are read; then the create meets a task that exists.
        var racing = new RacingBatch(batch);
        var other = new BatchWorkerPool(racing, Options, blobs, queues.Open, clock, NullLogger<BatchWorkerPool>.Instance);
        await other.EnsureAsync("run-a", Four);
        racing.Refused.ShouldBe(1);
    }

    [Theory]
    [InlineData("JobCompleted")]
    [InlineData("JobBeingTerminated")]
    [InlineData("JobBeingDeleted")]
    public async Task EnsureAsync_JobThatHasEnded_GoesOnInTheNextOne(string code)
    {
        await pool.EnsureAsync("run-a", Four);
        // By somebody's hand, or by an instance of the app that died before it could write so down.
        await batch.TerminateJobAsync(Azure.WaitUntil.Started, Job);
        batch.EndedCode = code;

        await pool.EnsureAsync("run-a", Four);
        batch.Tasks("r1-run-a-1").Single().State.ShouldBe(BatchTaskState.Active);
        (await pool.GetAsync("run-a")).LastError.ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReleaseAsync_ThatDiesBeforeTheJobEnds_IsFinishedByTheNext(bool byEnsure)
    {
        await pool.EnsureAsync("run-a", Four);
        var steps = 0;
        var dying = new BatchWorkerPool(
            new SteppedBatch(batch, _ => ++steps < 2 ? Task.CompletedTask : throw new IOException("killed")), Options, blobs, queues.Open,
                clock,
            NullLogger<BatchWorkerPool>.Instance);
        await Should.ThrowAsync<IOException>(() => dying.ReleaseAsync("run-a"));
        (await pool.GetAsync("run-a")).Workers.Count.ShouldBe(1, "whoever looks sees that they are not gone");

        if (byEnsure) await pool.EnsureAsync("run-a", Four);
        else await pool.ReleaseAsync("run-a");
        batch.Terminated.ShouldBe([Job]);
        (await pool.GetAsync("run-a")).Workers.Count.ShouldBe(byEnsure ? 1 : 0);
    }

    [Fact]
    public async Task EnsureAsync_OfAnotherRun_DoesNotWaitForASlowOne()
    {
        var slow = new TaskCompletionSource();
        var both = new BatchWorkerPool(
            new SteppedBatch(batch, job => job == Job ? slow.Task : Task.CompletedTask), Options, blobs, queues.Open, clock,
                NullLogger<BatchWorkerPool>.Instance);
        var ensuring = both.EnsureAsync("run-a", Four);
        await both.EnsureAsync("run-b", Four);
        ensuring.IsCompleted.ShouldBeFalse();
        batch.Tasks("r1-run-b-0").Count().ShouldBe(1);
        slow.SetResult();
        await ensuring;
    }

    [Fact]
    public async Task ReleaseAsync_EndsTheJobKeepsTheBooksAndIsRepeatable()
    {
        Node("spot-1");
        await pool.EnsureAsync("run-a", Four);
        batch.Schedule();
        clock.Advance(TimeSpan.FromHours(1));
        await pool.ReleaseAsync("run-a");
        await pool.ReleaseAsync("run-a");
        await pool.ReleaseAsync("never-had-any");

        batch.Terminated.ShouldBe([Job]);
        var view = await pool.GetAsync("run-a");
        view.Workers.ShouldBeEmpty();
        view.Usage!.Amount.ShouldBe(1, 1e-9);

        await pool.EnsureAsync("run-a", Four);
        batch.Jobs.ShouldBe([Job, "r1-run-a-1"]);
        (await pool.GetAsync("run-a")).Usage!.SpotSeconds.ShouldBe(3600);
    }

    [Fact]
    public async Task GetAsync_WithinTheViewsAge_AsksBatchOnce()
    {
        var patient = new BatchWorkerPool(batch, Options with { ViewAge = TimeSpan.FromSeconds(10) }, blobs, queues.Open, clock,
            NullLogger<BatchWorkerPool>.Instance);
        await patient.EnsureAsync("run-a", Four);
        await patient.GetAsync("run-a");
        var calls = batch.Calls;
        await patient.GetAsync("run-a");
        batch.Calls.ShouldBe(calls);
        clock.Advance(TimeSpan.FromSeconds(11));
        await patient.GetAsync("run-a");
        batch.Calls.ShouldBeGreaterThan(calls);
    }

    [Fact]
    public void JobId_OfTheLongestRunId_IsWithinBatchsLimit() =>
        WorkerTasks.JobId(new string('a', 54), 999).Length.ShouldBeLessThanOrEqualTo(64);
}
