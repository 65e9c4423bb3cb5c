using Azure.Compute.Batch;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Orchestrator.BatchWorkers;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

public sealed class WorkerTroublesTests : BatchPoolTests
{
    [Theory]
    [InlineData("AccountLowPriorityCoreQuotaReached", "ask for more spot cores")]
    [InlineData("AccountCoreQuotaReached", "ask for more cores of the pool's VM family")]
    [InlineData("AllocationTimedout", "the region has no capacity")]
    public async Task Pool_ThatCannotGrow_SaysWhyAndWhatToDo(string code, string advice)
    {
        batch.ResizeErrors.Add(ComputeBatchModelFactory.ResizeError(code: code, message: "The account cannot have more.\nRequestId: 1"));
        await pool.EnsureAsync("run-a", Four);
        var error = (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull();
        error.ShouldStartWith($"pool 'gpu' cannot grow: {code} (The account cannot have more.)");
        error.ShouldContain(advice);
    }

    [Theory]
    [InlineData(TrainerImage.None, "there is no trainer image yet")]
    [InlineData("r1.azurecr.io/gpujob:latest", "names no digest")]
    [InlineData("r1.azurecr.io/gpujob@sha256:0123", "names no digest")]
    public async Task Image_ThatIsNoneByDigest_StartsNothingAndSaysWhatToDo(string image, string error)
    {
        var wrong = new BatchWorkerPool(batch, Options with { Image = image }, blobs, queues.Open, clock,
            NullLogger<BatchWorkerPool>.Instance);
        (await Should.ThrowAsync<WorkerPoolException>(() => wrong.EnsureAsync("run-a", Four))).Message.ShouldContain(error);
        batch.Jobs.ShouldBeEmpty();
        (await wrong.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain(error);

        await pool.EnsureAsync("run-a", Four); // the app with the right image
        (await pool.GetAsync("run-a")).LastError.ShouldBeNull();
    }

    [Fact]
    public async Task App_WithoutItsRole_SaysSoInTheRunsStatus()
    {
        batch.Refuse(2, 403, "AuthorizationPermissionMismatch");
        await Should.ThrowAsync<WorkerPoolException>(() => pool.EnsureAsync("run-a", Four));

        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain("needs the roles of infra/modules/roles.bicep");
    }

    [Fact]
    public async Task Pool_ThatIsMissing_SaysSo()
    {
        batch.PoolExists = false;
        await pool.EnsureAsync("run-a", Four);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain("deploy infra again");
    }

    [Fact]
    public async Task Pool_WhoseFormulaFails_SaysSo()
    {
        batch.AutoScaleError = ComputeBatchModelFactory.AutoScaleRunError(code: "InsufficientSampleData", message: "No samples.");
        await pool.EnsureAsync("run-a", Four);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain("correct the pool's autoscale formula");
    }

    [Fact]
    public async Task Node_ThatCannotPullTheImage_SaysSo()
    {
        Node("n").State = BatchNodeState.Unusable;
        batch.Nodes["n"].Errors.Add(ComputeBatchModelFactory.BatchNodeError(code: "ContainerImagePullFailed", message: "manifest unknown"));
        await pool.EnsureAsync("run-a", Four);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull()
            .ShouldContain("ContainerImagePullFailed (manifest unknown) – check that the image exists");
    }

    [Theory]
    [InlineData("ContainerInvalidSettings", "correct R1_CONTAINER_OPTIONS")]
    [InlineData("ContainerInvalidImage", "the digest in R1_IMAGE")]
    [InlineData("ContainerRegistryUnableToConnect", "check the registry's name")]
    [InlineData("ContainerSomethingNew", null)] // what is not known gets no advice rather than a wrong one
    [InlineData("ImageSomethingNew", null)]
    public async Task Task_ThatDoesNotStart_GetsTheAdviceOfItsOwnCause(string code, string? advice)
    {
        Node("n");
        await pool.EnsureAsync("run-a", Four);
        batch.Schedule();
        var task = batch[Job, "worker-0-0"];
        task.Failure = ComputeBatchModelFactory.BatchTaskFailureInfo(code: code, message: "What Docker said.");
        task.End = clock.GetUtcNow();
        task.Move(BatchTaskState.Completed, clock.GetUtcNow());

        var error = (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull();
        error.ShouldStartWith($"worker-0-0 on node n did not start: {code} (What Docker said.)");
        if (advice is null) error.ShouldNotContain(" – ");
        else error.ShouldContain(advice);
    }

    [Fact]
    public async Task Task_ThatSaidMuch_IsReadFromItsEnd()
    {
        Node("n");
        await pool.EnsureAsync("run-a", Four);
        batch.Schedule();
        FailForGood("worker-0-0", 134, new string('ä', 1_000_000) + "the last words");

        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain("ääääthe last words – its output is in");
        batch.Ranges.ShouldBe(["bytes=1998414-2000013"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("few words")]
    public async Task Task_ThatSaidLittle_IsReadWhole(string words)
    {
        Node("n");
        await pool.EnsureAsync("run-a", Four);
        batch.Schedule();
        FailForGood("worker-0-0", 134, words);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull()
            .ShouldContain($"ended with exit code 134{(words.Length == 0 ? "" : ": " + words)} – ");
    }

    [Fact]
    public async Task Node_WhoseStartTaskFails_SaysSo()
    {
        Node("n").State = BatchNodeState.StartTaskFailed;
        batch.Nodes["n"].StartTask = ComputeBatchModelFactory.BatchStartTaskInfo(exitCode: 4);
        await pool.EnsureAsync("run-a", Four);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain("node n: StartTaskFailed (exit code 4)");
    }

    [Fact]
    public async Task Task_StuckInPreparation_IsReplaced()
    {
        Node("slow");
        await pool.EnsureAsync("run-a", Four);
        batch[Job, "worker-0-0"].Move(BatchTaskState.Preparing, clock.GetUtcNow());
        clock.Advance(TimeSpan.FromMinutes(19));
        await pool.EnsureAsync("run-a", Four);
        batch.Tasks(Job).Count().ShouldBe(1);

        clock.Advance(TimeSpan.FromMinutes(2));
        await pool.EnsureAsync("run-a", Four);
        batch[Job, "worker-0-0"].State.ShouldBe(BatchTaskState.Completed);
        batch[Job, "worker-0-1"].State.ShouldBe(BatchTaskState.Active);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain("worker-0 hung in state 'preparing'");
    }

    [Fact]
    public async Task Task_OnANodeThatIsNoGood_IsReplaced()
    {
        Node("dying");
        await pool.EnsureAsync("run-a", Four);
        batch.Schedule();
        batch.Nodes["dying"].State = BatchNodeState.Unusable;
        clock.Advance(TimeSpan.FromMinutes(21));
        await pool.EnsureAsync("run-a", Four);
        batch[Job, "worker-0-1"].State.ShouldBe(BatchTaskState.Active);
    }

    [Fact]
    public async Task Task_ThatWaitsTooLong_SaysWhatThePoolHas()
    {
        await pool.EnsureAsync("run-a", Four);
        (await pool.GetAsync("run-a")).LastError.ShouldBeNull();
        clock.Advance(TimeSpan.FromMinutes(25));
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull()
            .ShouldContain("worker-0-0 has waited 25 minutes for a node; pool 'gpu' has 0 of 1 spot");
    }
}
