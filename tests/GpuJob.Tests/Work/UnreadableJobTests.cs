using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary>Jobs that a worker cannot read: of a newer orchestrator most likely, so another worker may.</summary>
public sealed class UnreadableJobTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private WorkRun run = null!;

    public static TheoryData<string, string> Newer => new()
    {
        { "version", "2" },
        { "newField", "true" },
        { "payload.version", "2" },
        { "payload.newField", "{}" },
        { "payload.kind", "\"new-kind\"" },
        { "payload.kind", "" },
        { "retry.newField", "[1]" },
        { "notify.newField", "1" },
        { "payload", "" },
        { "retry.maxAttempts", "\"many\"" },
    };

    public async ValueTask InitializeAsync() => run = await WorkRun.StartAsync(azurite);

    public ValueTask DisposeAsync() => run.DisposeAsync();

    [Theory, MemberData(nameof(Newer))]
    public async Task RunAsync_SpecOfANewerProgram_IsGivenBackUncountedAndTheWorkerLeaves(string field, string value)
    {
        var spec = await run.SubmitAsync(new(), new JobsRecipe { MaxLost = 0, MaxAttempts = 1 });
        var path = BlobLayout.JobSpec(run.RunId, spec.JobId);
        var readable = (await run.Blobs.TryReadAsync(path))!;
        await run.Blobs.WriteAsync(path, new(Changed(readable, field, value)));

        (await run.WorkAsync(_ => throw new InvalidOperationException("It ran."))).ShouldBe(ExitCodes.Outdated);
        (await run.ResultAsync(spec)).ShouldBeNull();
        (await run.CompletionsAsync()).ShouldBeEmpty();

        // A worker that can read it finds it at once, and nothing is held against the job.
        await run.Blobs.WriteAsync(path, readable);
        (await run.WorkAsync(name: "w1")).ShouldBe(ExitCodes.Done);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        (result.Status, result.Worker, result.Attempts).ShouldBe((JobStatus.Succeeded, "w1", new AttemptCounts(0, 0, 0)));
    }

    [Fact]
    public async Task RunAsync_ResultOfANewerProgram_IsGivenBackAndTheWorkerLeaves()
    {
        var spec = await run.SubmitAsync(new());
        var path = BlobLayout.JobResult(run.RunId, spec.JobId);
        await run.Blobs.WriteAsync(path, new("{\"version\":9,\"outcome\":{}}"));

        (await run.WorkAsync(_ => throw new InvalidOperationException("It ran."))).ShouldBe(ExitCodes.Outdated);

        (await run.Queue.ReceiveAsync(1, TimeSpan.FromMinutes(1))).ShouldHaveSingleItem(); // at once
        (await run.CompletionsAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("version", "7")]
    [InlineData("payload.newField", "1")]
    public async Task RunAsync_RefusedBySeveralWorkers_IsCommittedAsBadInputNamingBothVersions(string field, string value)
    {
        var spec = await run.SubmitAsync(new());
        var path = BlobLayout.JobSpec(run.RunId, spec.JobId);
        await run.Blobs.WriteAsync(path, new(Changed((await run.Blobs.TryReadAsync(path))!, field, value)));
        for (var worker = 0; worker < 3; worker++)
        {
            (await run.ResultAsync(spec)).ShouldBeNull();
            (await run.WorkAsync(name: $"w{worker}")).ShouldBe(ExitCodes.Outdated);
        }
        var error = (await run.ResultAsync(spec)).ShouldNotBeNull().Error.ShouldNotBeNull();
        error.ExitCode.ShouldBe(ExitCodes.BadInput);
        error.Message.ShouldContain($"in form {(field == "version" ? value : "1")}");
        error.Message.ShouldContain("knows form 1");
        error.Message.ShouldContain("3 workers");
        if (field != "version") error.Message.ShouldContain("newField");
        (await run.CompletionsAsync()).ShouldHaveSingleItem().Status.ShouldBe(JobStatus.Failed);
        (await run.Queue.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task RunAsync_RefusedByManyWorkersOfBeforeAnUpgrade_IsKeptForTheNewOnes()
    {
        const int Workers = 4;
        var readable = new List<JobSpec>();
        for (var job = 1; job <= Workers; job++) readable.Add(await run.SubmitAsync(new(), jobId: $"s/000000/noop/{job}"));
        var (started, busy, gate) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        using var stop = new CancellationTokenSource();
        var workers = Enumerable.Range(0, Workers).Select(worker => run.WorkAsync(async _ =>
        {
            if (Interlocked.Increment(ref started) == Workers) busy.SetResult();
            await gate.Task;
            return JobOutcome.Empty;
        }, $"old{worker}", stop.Token, visibilitySeconds: 600, idleSeconds: 600)).ToList();

        // All are busy when the job comes that none of them can read; each refuses once it comes to it.
        await busy.Task.WaitAsync(TimeSpan.FromMinutes(30));
        var spec = await run.SubmitAsync(new(), change: json => new(Changed(json, "newField", "1")));
        gate.SetResult();
        try
        {
            for (var left = 1; left <= Workers; left++)
            {
                var leaving = Task.WhenAny(workers);
                await leaving.OrTellAsync($"only {left - 1} of {Workers} workers have left a job that none of them can read");
                (await run.ResultAsync(spec)).ShouldBeNull($"{left} workers of before the upgrade have refused it");
                (await await leaving).ShouldBe(ExitCodes.Outdated);
                workers.Remove(await leaving);
            }
        }
        finally
        {
            await stop.CancelAsync(); // who still waits for a job
        }
        foreach (var done in readable) (await run.ResultAsync(done)).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("{\"runId\":")]
    [InlineData("null")]
    [InlineData("[1,2]")]
    public async Task RunAsync_SpecThatIsNoJson_IsCommittedAsBadInputAtOnce(string text)
    {
        var spec = await run.SubmitAsync(new());
        await run.Blobs.WriteAsync(BlobLayout.JobSpec(run.RunId, spec.JobId), new(text));
        (await run.WorkAsync()).ShouldBe(ExitCodes.Done);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        (result.Status, result.Error!.ExitCode).ShouldBe((JobStatus.Failed, ExitCodes.BadInput));
        result.Error.Message.ShouldContain(spec.JobId);
        (await run.Queue.CountAsync()).ShouldBe(0);
    }

    // The JSON with one field, by its path, changed; an empty value removes it.
    private static string Changed(BinaryData json, string path, string value)
    {
        var root = JsonNode.Parse(json)!.AsObject();
        var parent = root;
        foreach (var name in path.Split('.')[..^1]) parent = parent[name]!.AsObject();
        parent.Remove(path.Split('.')[^1]);
        if (value.Length > 0) parent[path.Split('.')[^1]] = JsonNode.Parse(value);
        return root.ToJsonString();
    }
}
