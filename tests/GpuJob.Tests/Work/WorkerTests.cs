using System.Runtime.InteropServices;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Work;

public sealed class WorkerTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private WorkRun run = null!;

    public async ValueTask InitializeAsync() => run = await WorkRun.StartAsync(azurite);

    public ValueTask DisposeAsync() => run.DisposeAsync();

    [Fact]
    public async Task RunAsync_Success_CommitsAnnouncesAndRemovesTheMessage()
    {
        var spec = await run.SubmitAsync(new());
        var code = await run.WorkAsync(async context =>
        {
            await File.WriteAllTextAsync(Path.Combine(context.ScratchFolder, "temporary"), "x");
            return new JobOutcome(new Dictionary<string, string> { ["tokens"] = "a/b" },
                new Dictionary<string, double> { ["reward/mean"] = 0.5 });
        });
        code.ShouldBe(ExitCodes.Done);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        (result.JobId, result.Status, result.Worker, result.Error).ShouldBe((spec.JobId, JobStatus.Succeeded, "w0", null));
        (result.Outputs["tokens"], result.Metrics["reward/mean"]).ShouldBe(("a/b", 0.5));
        result.Attempts.ShouldBe(new AttemptCounts(0, 0, 0));
        result.Timing.Total.ShouldBeGreaterThan(0);
        (await run.CompletionsAsync()).ShouldBe([new JobCompletion(run.RunId, spec.JobId, spec.Notify)]);
        (await run.Queue.CountAsync()).ShouldBe(0);
        run.Leftovers.ShouldBeEmpty();
    }

    [Fact]
    public async Task RunAsync_WhileAJobRuns_ShowsWhatIsFinishedAndWhatIsUsed()
    {
        var spec = await run.SubmitAsync(new());
        LiveSamples? live = null;
        WorkerResources? used = null;
        await run.WorkAsync(async context =>
        {
            for (var sample = 0; sample < CompletionTail.Kept + 3; sample++)
            {
                var number = sample;
                context.Tail.Add(() => new(DateTimeOffset.UnixEpoch, 1, 0, number, "q", new string('x', CompletionTail.MaxChars + 9), false,
                    2, "a"));
            }
            while (live is null || used is null)
            {
                live ??= await run.Blobs.TryReadJsonAsync<LiveSamples>(BlobLayout.LiveSamples(run.RunId, "w0"));
                used ??= await run.Blobs.TryReadJsonAsync<WorkerResources>(BlobLayout.WorkerResources(run.RunId, "w0"));
                await Task.Delay(20);
            }
            return JobOutcome.Empty;
        });
        (live!.JobId, live.Worker).ShouldBe((spec.JobId, "w0"));
        live.Rows.Select(row => row.Sample).ShouldBe(Enumerable.Range(3, CompletionTail.Kept));
        live.Rows.ShouldAllBe(row => row.Completion.Length == CompletionTail.MaxChars + 1);
        used!.MemoryBytes.ShouldNotBeNull().ShouldBeGreaterThan(0);
        used.DiskFreeBytes.ShouldNotBeNull();
        (used.WorkingSeconds + used.IdleSeconds).ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(0);
        used.StorageRequests.ShouldNotBeNull().ShouldBeGreaterThan(0);
        (used.SentBytes, used.ReceivedBytes).ShouldSatisfyAllConditions(
            both => both.SentBytes.ShouldNotBeNull(), both => both.ReceivedBytes.ShouldNotBeNull());
        used.History!.At.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task RunAsync_ResultExists_IsAnnouncedAndNotRun()
    {
        var spec = await run.SubmitAsync(new());
        var former = new JobResult { JobId = spec.JobId, Status = JobStatus.Failed, Attempt = "1-former", Error = new("E", "m") };
        await run.Blobs.WriteJsonAsync(BlobLayout.JobResult(run.RunId, spec.JobId), former);
        (await run.WorkAsync(_ => throw new InvalidOperationException("It ran."))).ShouldBe(ExitCodes.Done);
        (await run.ResultAsync(spec))!.Attempt.ShouldBe("1-former");
        (await run.CompletionsAsync()).ShouldBe([new JobCompletion(run.RunId, spec.JobId, spec.Notify, JobStatus.Failed)]);
        (await run.Queue.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task RunAsync_DuplicateMessage_RunsOnce()
    {
        var spec = await run.SubmitAsync(new());
        await run.SendAsync(spec.JobId);
        var runs = 0;
        await run.WorkAsync(_ =>
        {
            runs++;
            return Task.FromResult(JobOutcome.Empty);
        });
        runs.ShouldBe(1);
        (await run.CompletionsAsync()).Count.ShouldBe(2); // announcing twice harms nothing; not at all would
        (await run.Queue.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task RunAsync_FailsTwice_SucceedsOnTheThirdAttempt()
    {
        var spec = await run.SubmitAsync(new() { Fault = "retryable", FaultyAttempts = 2 });
        (await run.WorkAsync()).ShouldBe(ExitCodes.Done);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        result.Status.ShouldBe(JobStatus.Succeeded);
        result.Attempts.ShouldBe(new AttemptCounts(2, 0, 0));
        (await run.CompletionsAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task RunAsync_AlwaysFails_IsGivenUpAfterMaxAttemptsWithTheError()
    {
        var spec = await run.SubmitAsync(new() { Fault = "retryable", FaultyAttempts = 99 },
            new JobsRecipe { MaxAttempts = 2, RetryDelaySeconds = 0 });
        (await run.WorkAsync()).ShouldBe(ExitCodes.Done);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        (result.Status, result.Attempts).ShouldBe((JobStatus.Failed, new AttemptCounts(1, 0, 0)));
        var error = result.Error.ShouldNotBeNull();
        (error.Type, error.Message, error.ExitCode)
            .ShouldBe((nameof(InvalidOperationException), "The job was told to fail.", ExitCodes.Retryable));
        error.Detail.ShouldNotBeNull().ShouldContain("NoopHandler");
        (await run.CompletionsAsync()).ShouldHaveSingleItem().Status.ShouldBe(JobStatus.Failed);
        (await run.Queue.CountAsync()).ShouldBe(0);
        run.Leftovers.ShouldBeEmpty();
    }

    [Fact]
    public async Task RunAsync_FailsOnce_ComesBackOnlyAfterTheDelay()
    {
        var spec = await run.SubmitAsync(new() { Fault = "retryable", FaultyAttempts = 1 }, new JobsRecipe { RetryDelaySeconds = 60 });
        (await run.WorkAsync()).ShouldBe(ExitCodes.Done);
        (await run.ResultAsync(spec)).ShouldBeNull();
        (await run.Queue.CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task RunAsync_BadInput_FailsAtOnce()
    {
        var spec = await run.SubmitAsync(new() { Fault = "bad-input", FaultyAttempts = 99 });
        (await run.WorkAsync()).ShouldBe(ExitCodes.Done);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        (result.Status, result.Error!.ExitCode, result.Attempts)
            .ShouldBe((JobStatus.Failed, ExitCodes.BadInput, new AttemptCounts(0, 0, 0)));
    }

    [Fact]
    public async Task RunAsync_Preempted_PutsTheMessageBackAndDoesNotCountAsFailure()
    {
        var spec = await run.SubmitAsync(new() { Milliseconds = 60_000 }, new JobsRecipe { MaxAttempts = 1 });
        using (var stop = new CancellationTokenSource())
        {
            var code = await run.WorkAsync(async context =>
            {
                await stop.CancelAsync();
                context.ThrowIfPreempted();
                return JobOutcome.Empty;
            }, preemption: stop.Token);
            code.ShouldBe(ExitCodes.Preempted);
        }
        (await run.ResultAsync(spec)).ShouldBeNull();
        var attemptNumber = 0;
        await run.WorkAsync(context =>
        {
            attemptNumber = context.AttemptNumber;
            return Task.FromResult(JobOutcome.Empty);
        }, "w1");
        attemptNumber.ShouldBe(1);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull("the message was there at once");
        (result.Worker, result.Attempts).ShouldBe(("w1", new AttemptCounts(0, 1, 0)));
    }

    [Fact]
    public async Task RunAsync_MessageLostToAnotherWorker_AbandonsAndTheOthersResultStands()
    {
        var spec = await run.SubmitAsync(new(), new JobsRecipe { HeartbeatTimeoutSeconds = 60 });
        var abandoned = false;
        var loser = run.WorkAsync(async context =>
        {
            // Another worker takes it: as if this one had been frozen for longer than the message was hidden.
            await run.Blobs.WriteAsync($"runs/{run.RunId}/frozen", new("x"));
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.Preemption);
            }
            catch (OperationCanceledException)
            {
                abandoned = true;
                throw new PreemptedException();
            }
            return JobOutcome.Empty;
        }, "loser", visibilitySeconds: 8); // its first beat comes after two seconds
        while (!await run.Blobs.ExistsAsync($"runs/{run.RunId}/frozen") && !loser.IsCompleted) await Task.Delay(20);
        await run.Blobs.WriteJsonAsync(BlobLayout.JobResult(run.RunId, spec.JobId), new JobResult
        {
            JobId = spec.JobId, Status = JobStatus.Succeeded, Attempt = "2-winner", Worker = "winner",
        });
        // The winner removes the message with its own receipt; to the loser it is gone the same way as when it is taken.
        await run.ClearAsync();
        (await loser).ShouldBe(ExitCodes.Done);
        abandoned.ShouldBeTrue();
        (await run.ResultAsync(spec))!.Worker.ShouldBe("winner");
    }

    [Fact]
    public async Task RunAsync_FinishesAfterAnotherCommitted_LeavesAndAnnouncesTheOthersResult()
    {
        var spec = await run.SubmitAsync(new());
        var theirs = new JobResult { JobId = spec.JobId, Status = JobStatus.Failed, Attempt = "2-other", Worker = "other",
            Error = new("E", "m") };
        await run.WorkAsync(async _ =>
        {
            await run.Blobs.WriteJsonAsync(BlobLayout.JobResult(run.RunId, spec.JobId), theirs);
            return JobOutcome.Empty;
        });
        (await run.ResultAsync(spec))!.Attempt.ShouldBe("2-other");
        (await run.CompletionsAsync()).ShouldHaveSingleItem().Status.ShouldBe(JobStatus.Failed);
    }

    [Fact]
    public async Task RunAsync_LostTooOften_IsGivenUpWithoutARun()
    {
        var spec = await run.SubmitAsync(new(), new JobsRecipe { MaxLost = 1 });
        for (var lost = 0; lost < 2; lost++) await run.LoseAsync(spec);
        await run.WorkAsync(_ => throw new InvalidOperationException("It ran."));
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        (result.Status, result.Error!.Type, result.Attempts).ShouldBe((JobStatus.Failed, "WorkerLost", new AttemptCounts(0, 0, 2)));
        result.Error.Message.ShouldContain("maxLost: 1");
        (await run.CompletionsAsync()).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"runId\":\"\",\"jobId\":\"x\"}")]
    [InlineData("{\"runId\":\"no-such-run\",\"jobId\":\"no/such/job\"}")]
    public async Task RunAsync_MessageWithoutAJob_IsDroppedAndTheNextIsDone(string text)
    {
        await run.Queue.SendAsync(text);
        var spec = await run.SubmitAsync(new());
        (await run.WorkAsync()).ShouldBe(ExitCodes.Done);
        (await run.Queue.CountAsync()).ShouldBe(0);
        (await run.ResultAsync(spec))!.Status.ShouldBe(JobStatus.Succeeded);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, false)]
    public async Task RunAsync_NativeError_RecordsItAndLeavesTheProcess(int maxAttempts, bool givenUp)
    {
        var spec = await run.SubmitAsync(new(), new JobsRecipe { MaxAttempts = maxAttempts, RetryDelaySeconds = 0 });
        (await run.WorkAsync(_ => throw new NativeException("CUDA error: an illegal memory access\n  at native")))
            .ShouldBe(ExitCodes.Retryable);
        var result = await run.ResultAsync(spec);
        (result is not null).ShouldBe(givenUp);
        result?.Error!.Message.ShouldBe("CUDA error: an illegal memory access");
        (await run.Queue.CountAsync()).ShouldBe(givenUp ? 0 : 1);
        if (givenUp) return;
        await run.WorkAsync(name: "w1");
        (await run.ResultAsync(spec))!.Attempts.ShouldBe(new AttemptCounts(1, 0, 0));
    }

    [Fact]
    public async Task RunAsync_JobLongerThanItsVisibility_IsKeptAliveAndTellsItsProgress()
    {
        var clock = new WaitedForClock();
        var spec = await SubmitAsync(clock);
        var (starts, published) = (0, (JobProgress?)null);
        await WorkUntilDoneAsync(spec, async context =>
        {
            starts++;
            context.Progress(0, 30, new Dictionary<string, double> { ["loss"] = 1 });
            await BeatAsync(clock, beat => context.Progress(beat + 1, 30, new Dictionary<string, double> { ["loss"] = 1.0 / (beat + 1) }));
            while (published is not { Step: >= 5 })
            {
                clock.Advance(TimeSpan.FromMilliseconds(100)); // the span between two publications
                await Task.Delay(10);
                published = await context.Blobs.TryReadJsonAsync<JobProgress>(BlobLayout.JobProgress(run.RunId, spec.JobId));
            }
            return JobOutcome.Empty;
        });
        starts.ShouldBe(1);
        (await run.ResultAsync(spec))!.Attempts.ShouldBe(new AttemptCounts(0, 0, 0));
        var progress = published.ShouldNotBeNull();
        (progress.Steps, progress.Worker, progress.Metrics["loss"]).ShouldBe((30, "w0", 1.0 / progress.Step));
    }

    [Fact]
    public async Task RunAsync_ClockSetBackInTheMidst_IsKeptAlive()
    {
        var clock = new WaitedForClock();
        var spec = await SubmitAsync(clock);
        await WorkUntilDoneAsync(spec, async _ =>
        {
            clock.Offset = TimeSpan.FromHours(-1);
            await BeatAsync(clock, _ => { });
            return JobOutcome.Empty;
        });
        var done = (await run.ResultAsync(spec)).ShouldNotBeNull();
        done.Attempts.ShouldBe(new AttemptCounts(0, 0, 0));
        done.Timing.Total.ShouldBeInRange(5, 10);
    }

    // A job whose message is hidden for a second, then for two at a time, by this clock.
    private Task<JobSpec> SubmitAsync(WaitedForClock clock)
    {
        run.LiveBy(clock);
        return run.SubmitAsync(new(), new JobsRecipe { HeartbeatTimeoutSeconds = 2 });
    }

    private async Task WorkUntilDoneAsync(JobSpec spec, Func<JobContext, Task<JobOutcome>> handler)
    {
        using var stop = new CancellationTokenSource();
        Exception? error = null;
        var working = run.WorkAsync(async context =>
        {
            try
            {
                return await handler(context);
            }
            catch (Exception e)
            {
                error = e;
                throw;
            }
        }, visibilitySeconds: 1, preemption: stop.Token);
        while (await run.Queue.CountAsync() > 0 && Volatile.Read(ref error) is null && !working.IsCompleted) await Task.Delay(10);
        await stop.CancelAsync();
        error.ShouldBeNull();
        (await working).ShouldBe(ExitCodes.Done);
        (await run.ResultAsync(spec)).ShouldNotBeNull();
    }

    // Lets ten beats of a worker pass, 5.25 seconds, while a rival looks for the message after each.
    private async Task BeatAsync(WaitedForClock clock, Action<int> before)
    {
        var (first, next) = (TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(0.5));
        await clock.PassAsync(first);
        for (var beat = 0; beat < 10; beat++)
        {
            before(beat);
            await clock.PassAsync(next); // who waits for the next beat has done the last
            (await run.Queue.ReceiveAsync(1, TimeSpan.FromSeconds(30))).ShouldBeEmpty();
        }
    }

    // As a native library's errors come.
    private sealed class NativeException(string message) : ExternalException(message);
}
