using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Jobs;

public sealed class JobActivitiesTests : IDisposable
{
    private static readonly JobSpec Spec = new()
    {
        RunId = "run", JobId = "s/000000/noop/0", Payload = new NoopJob { Milliseconds = 1 }, Notify = new("run:s", "job:s/000000/noop/0"),
    };

    private readonly WatchedBlobStore blobs = new();
    private readonly MemoryQueues queues = new();

    public void Dispose() => blobs.Dispose();

    private JobActivities Activities => new(blobs, new(queues.Open));
    private MemoryQueue Queue => queues.Open("r1-jobs-run");

    [Fact]
    public async Task Submit_Twice_WritesOneSpecAndQueuesAgain()
    {
        (await Activities.SubmitAsync(Spec, default)).Result.ShouldBeNull();
        (await Activities.SubmitAsync(Spec, default)).Result.ShouldBeNull();

        blobs.Paths.ShouldBe(["runs/run/jobs/s/000000/noop/0/spec.json"]);
        // The first message may have been lost with the process: the worker tells doubles by the result.
        Queue.Sent.ShouldBe(2);
    }

    [Fact]
    public async Task Submit_OtherContent_IsAConflictNamingTheField()
    {
        await Activities.SubmitAsync(Spec, default);
        var error = await Should.ThrowAsync<JobConflictException>(() =>
            Activities.SubmitAsync(Spec with { Payload = new NoopJob { Milliseconds = 2 } }, default));
        error.Message.ShouldContain("field payload differs");
        Queue.Sent.ShouldBe(1);
    }

    [Fact]
    public async Task Submit_StoredByAVersionWithoutAField_IsTheSameJob()
    {
        var spec = Spec with {
            Payload = new UpdateJob { Settings = new() { Task = "t", From = "base" }, Iteration = 3, Policy = "p/",
                Rollouts = ["rollouts/run/s/000003/0.a1.safetensors"], Checkpoint = "c/" } };
        await Activities.SubmitAsync(spec, default);
        // As an earlier version wrote it, to whom some of the fields were not known yet: here they have their defaults.
        var path = BlobLayout.JobSpec("run", spec.JobId);
        var stored = JsonNode.Parse((await blobs.TryReadAsync(path))!.ToString())!.AsObject();
        stored.Remove("retry").ShouldBeTrue();
        stored["payload"]!.AsObject().Remove("rewardModels").ShouldBeTrue();
        foreach (var field in new[] { "staleness", "updateShards", "sampling", "loss", "optimizer" })
            stored["payload"]!["settings"]!.AsObject().Remove(field).ShouldBeTrue(field);
        stored["payload"]!["version"] = 1;
        await blobs.WriteAsync(path, new BinaryData(stored.ToJsonString()));

        (await Activities.SubmitAsync(spec, default)).Result.ShouldBeNull();

        stored["payload"]!["settings"]!["staleness"] = 1;
        await blobs.WriteAsync(path, new BinaryData(stored.ToJsonString()));
        (await Should.ThrowAsync<JobConflictException>(() => Activities.SubmitAsync(spec, default))).Message.ShouldContain("payload");
    }

    [Fact]
    public async Task Submit_StoredByALaterVersionWithAnUnknownField_IsAConflictNamingIt()
    {
        await Activities.SubmitAsync(Spec, default);
        var path = BlobLayout.JobSpec("run", Spec.JobId);
        var stored = JsonNode.Parse((await blobs.TryReadAsync(path))!.ToString())!;
        stored["payload"]!["temperature"] = 3;
        await blobs.WriteAsync(path, new BinaryData(stored.ToJsonString()));

        (await Should.ThrowAsync<JobConflictException>(() => Activities.SubmitAsync(Spec, default)))
            .Message.ShouldContain("payload.temperature");
    }

    [Fact]
    public async Task Submit_WithResult_ReturnsItWithoutQueueing()
    {
        await Activities.SubmitAsync(Spec, default);
        await blobs.WriteJsonAsync(BlobLayout.JobResult("run", Spec.JobId), Result(JobStatus.Succeeded));
        (await Activities.SubmitAsync(Spec, default)).Result!.Attempt.ShouldBe("a7");
        Queue.Sent.ShouldBe(1);
    }

    [Fact]
    public async Task SubmitAndRead_FailedResult_ThrowTheWorkersError()
    {
        await Activities.SubmitAsync(Spec, default);
        await blobs.WriteJsonAsync(BlobLayout.JobResult("run", Spec.JobId), Result(JobStatus.Failed));

        foreach (var action in new Func<Task>[] { () => Activities.SubmitAsync(Spec, default),
            () => Activities.ReadAsync(new("run", Spec.JobId), default) })
        {
            var message = (await Should.ThrowAsync<JobFailedException>(action)).Message;
            message.ShouldContain("OutOfMemory: no room (exit code 20)");
            message.ShouldContain("2 failed, 1 preempted, 3 lost");
        }
    }

    [Fact]
    public async Task Read_WithoutResult_IsAStorageErrorThatMayMend() =>
        (await Should.ThrowAsync<StorageException>(() => Activities.ReadAsync(new("run", Spec.JobId), default)))
            .Message.ShouldContain(Spec.JobId);

    [Fact]
    public async Task Check_QueuedOrRunning_LeavesTheMessage()
    {
        await Activities.SubmitAsync(Spec, default);
        (await Queue.ReceiveAsync(1, TimeSpan.FromMinutes(1))).Count.ShouldBe(1);
        (await Activities.CheckAsync(new("run", Spec.JobId), default)).ShouldBeFalse();
        Queue.Sent.ShouldBe(1);
    }

    [Fact]
    public async Task Check_LostMessage_PutsItAgain()
    {
        await Activities.SubmitAsync(Spec, default);
        await Queue.DropAsync();
        (await Activities.CheckAsync(new("run", Spec.JobId), default)).ShouldBeFalse();
        (await Queue.CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Check_LostMessageAmongOthers_PutsItAgainAndOnce()
    {
        var other = Spec with { JobId = "s/000000/noop/1" };
        var job = new JobRef("run", Spec.JobId, (await Activities.SubmitAsync(Spec, default)).Message);
        await Activities.SubmitAsync(other, default);
        Queue.Lose(Spec.JobId);

        (await Activities.CheckAsync(job, default)).ShouldBeFalse();
        Queue.Sent.ShouldBe(3);
        // The message that was put again is known from now on, waiting and taken.
        (await Activities.CheckAsync(job, default)).ShouldBeFalse();
        (await Queue.ReceiveAsync(32, TimeSpan.FromMinutes(1))).Select(message => message.Text)
            .ShouldContain(text => text.Contains(Spec.JobId, StringComparison.Ordinal));
        (await Activities.CheckAsync(job, default)).ShouldBeFalse();
        Queue.Sent.ShouldBe(3);

        Queue.Lose(Spec.JobId);
        (await Activities.CheckAsync(job, default)).ShouldBeFalse();
        Queue.Sent.ShouldBe(4);
    }

    [Fact]
    public async Task Check_OfAHistoryThatKnowsNoMessage_GoesByTheWholeQueue()
    {
        await Activities.SubmitAsync(Spec, default);
        (await Activities.CheckAsync(new("run", Spec.JobId), default)).ShouldBeFalse();
        Queue.Sent.ShouldBe(1);
        await Queue.DropAsync();
        (await Activities.CheckAsync(new("run", Spec.JobId), default)).ShouldBeFalse();
        Queue.Sent.ShouldBe(2);
    }

    [Fact]
    public async Task Check_SpecThatIsGone_FailsInsteadOfWaitingForever()
    {
        await Activities.SubmitAsync(Spec, default);
        await Queue.DropAsync();
        await blobs.DeleteAsync(BlobLayout.JobSpec("run", Spec.JobId));
        (await Should.ThrowAsync<JobFailedException>(() => Activities.CheckAsync(new("run", Spec.JobId), default)))
            .Message.ShouldContain("gone from storage");
    }

    [Fact]
    public async Task Check_Finished_IsTrue()
    {
        await blobs.WriteJsonAsync(BlobLayout.JobResult("run", Spec.JobId), Result(JobStatus.Failed));
        (await Activities.CheckAsync(new("run", Spec.JobId), default)).ShouldBeTrue();
        Queue.Sent.ShouldBe(0);
    }

    [Fact]
    public async Task Completions_MalformedMessage_IsDroppedAndOthersGoOn()
    {
        await using var host = new PipelineHost();
        var queue = host.Queues.Open(BlobLayout.CompletionsQueue);
        await queue.SendAsync("no json at all");
        await queue.SendAsync("{\"runId\":\"r\",\"jobId\":\"j\",\"status\":\"succeeded\"}");
        await queue.SendAsync("[]");
        for (var i = 0; i < 360_000 && await queue.CountAsync() > 0; i++) await Task.Delay(5);
        (await queue.CountAsync()).ShouldBe(0);
        host.Services.GetRequiredService<JobCompletions>().ShouldNotBeNull();
    }

    private static JobResult Result(JobStatus status) => new()
    {
        JobId = Spec.JobId, Status = status, Attempt = "a7", Worker = "w", Attempts = new(2, 1, 3),
        Error = status == JobStatus.Failed ? new("OutOfMemory", "no room", null, ExitCodes.Retryable) : null,
    };
}
