using System.Collections.Concurrent;
using System.Text.Json;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Conformance;

public abstract partial class OrchestrationConformance
{
    [Fact]
    public async Task CallActivity_ReturnsItsResult()
    {
        var state = await RunAsync(Main<int, int>((context, n) => context.CallActivityAsync<int>("double", n)).WithDouble(), 21);

        Output<int>(state).ShouldBe(42);
        state.Name.ShouldBe("main");
        state.ParentInstanceId.ShouldBeNull();
        state.Input!.Value.GetInt32().ShouldBe(21);
        state.UpdatedAt.ShouldBeGreaterThanOrEqualTo(state.CreatedAt);
    }

    [Fact]
    public async Task CallActivity_WithoutResult_Completes()
    {
        var ran = new ConcurrentBag<string>();
        var registry = Main<string>(async context =>
        {
            await context.CallActivityAsync("note", "a");
            await context.CallActivityAsync("note");
            return "done";
        }).AddActivity<string?, object?>("note", (_, text, _) =>
        {
            ran.Add(text ?? "nothing");
            return Task.FromResult<object?>(null);
        });

        Output<string>(await RunAsync(registry)).ShouldBe("done");
        ran.Order().ShouldBe(["a", "nothing"]);
    }

    [Fact]
    public async Task CallActivity_OneHundredAtOnce_ReturnsAllInOrder()
    {
        var registry =
            Main<int[]>(context => Task.WhenAll(Enumerable.Range(0, 100).Select(n => context.CallActivityAsync<int>("double", n))))
            .WithDouble();

        Output<int[]>(await RunAsync(registry)).ShouldBe(Enumerable.Range(0, 100).Select(n => 2 * n));
    }

    [Fact]
    public async Task CallActivity_FirstOfTwo_GoesOnWithoutTheOther()
    {
        const string id = nameof(CallActivity_FirstOfTwo_GoesOnWithoutTheOther);
        var release = new TaskCompletionSource();
        var registry = Main<string>(async context =>
        {
            var slow = context.CallActivityAsync<string>("slow");
            var fast = context.CallActivityAsync<string>("fast");
            var first = await await Task.WhenAny(slow, fast);
            context.SetCustomStatus($"{first}, {await context.CallActivityAsync<int>("double", 2)}");
            return first;
        }).WithDouble().AddActivity<object?, string>("slow", async (_, _, stop) =>
        {
            await release.Task.WaitAsync(stop);
            return "slow";
        }).AddActivity<object?, string>("fast", (_, _, _) => Task.FromResult("fast"));

        await using var host = await StartAsync(registry);
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, id, "fast, 4");
        // Whether the instance ends here or when its last call has ended is the host's choice.
        release.SetResult();
        Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("fast");
    }

    [Fact]
    public async Task CallActivity_ThatThrows_FailsWithTypeAndMessage()
    {
        var registry = Main<FailureDetails>(async context =>
        {
            try
            {
                await context.CallActivityAsync<int>("failing");
                throw new InvalidOperationException("did not fail");
            }
            catch (TaskFailedException failed)
            {
                failed.TaskName.ShouldBe("failing");
                return failed.Details;
            }
        }).WithFailing(1, _ => new FormatException("bad", new InvalidDataException("worse")));

        var details = Output<FailureDetails>(await RunAsync(registry));
        details.ErrorType.ShouldBe("System.FormatException");
        details.ErrorMessage.ShouldBe("bad");
        details.Root.ErrorType.ShouldBe("System.IO.InvalidDataException");
        details.Root.ErrorMessage.ShouldBe("worse");
    }

    [Fact]
    public async Task CallActivity_Unknown_FailsWithItsName()
    {
        var state = await RunAsync(Main<int>(context => context.CallActivityAsync<int>("nowhere")));

        state.Status.ShouldBe(OrchestrationStatus.Failed);
        state.Failure!.Root.ErrorMessage.ShouldContain("nowhere");
    }

    [Fact]
    public async Task CallActivity_WithRetry_RunsUntilItSucceeds()
    {
        var policy = new RetryPolicy { MaxAttempts = 4, FirstInterval = TimeSpan.FromMilliseconds(1) };
        var registry = Main<int>(context => context.CallActivityAsync<int>("failing", null, new TaskOptions(policy))).WithFailing(3);

        Output<int>(await RunAsync(registry)).ShouldBe(4);
    }

    [Fact]
    public async Task CallActivity_WithRetry_GivesUpAfterTheLastAttempt()
    {
        var attempts = new List<DateTime>();
        var policy = new RetryPolicy { MaxAttempts = 3, FirstInterval = TimeSpan.FromMilliseconds(1) };
        var registry = Main<int>(context => context.CallActivityAsync<int>("failing", null, new TaskOptions(policy)))
            .WithFailing(10, attempts: attempts);

        var state = await RunAsync(registry);
        state.Status.ShouldBe(OrchestrationStatus.Failed);
        state.Failure!.Root.ErrorMessage.ShouldBe("attempt 3");
        attempts.Count.ShouldBe(3);
    }

    [Fact]
    public async Task CallActivity_WithRetry_WaitsLongerEachTime()
    {
        var attempts = new List<DateTime>();
        var policy = new RetryPolicy { MaxAttempts = 4, FirstInterval = TimeSpan.FromMilliseconds(100), Backoff = 2,
            MaxInterval = TimeSpan.FromMilliseconds(250) };
        var registry = Main<int>(context => context.CallActivityAsync<int>("failing", null, new TaskOptions(policy)))
            .WithFailing(3, attempts: attempts);

        Output<int>(await RunAsync(registry)).ShouldBe(4);
        var waits = attempts.Zip(attempts.Skip(1), (a, b) => (b - a).TotalMilliseconds).ToArray();
        var early = TimerPrecision.TotalMilliseconds;
        waits[0].ShouldBeGreaterThanOrEqualTo(100 - early);
        waits[1].ShouldBeGreaterThanOrEqualTo(200 - early);
        waits[2].ShouldBeGreaterThanOrEqualTo(250 - early);
    }

    [Fact]
    public async Task CallActivity_ThatIsTriedAgain_LetsTheOrchestratorSaySoWhileItWaits()
    {
        const string id = nameof(CallActivity_ThatIsTriedAgain_LetsTheOrchestratorSaySoWhileItWaits);
        var away = true;
        var registry = Main<string>(async context =>
        {
            var policy = new RetryPolicy
            {
                MaxAttempts = 1, FirstInterval = TimeSpan.FromMilliseconds(100), Waited = ["TimeoutException"],
                    Patience = TimeSpan.FromHours(1),
                OnWait = failure => context.SetCustomStatus($"waits: {failure.ErrorMessage}"),
            };
            var result = await context.CallActivityAsync<string>("sleeping", null, new TaskOptions(policy));
            context.SetCustomStatus("goes on");
            return result;
        }).AddActivity<object?, string>("sleeping",
            (_, _, _) => Volatile.Read(ref away) ? throw new TimeoutException("away") : Task.FromResult("there"));
        await using var host = await StartAsync(registry);
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, id, "waits: away");

        Volatile.Write(ref away, false);

        var state = await host.Client.WaitForCompletionAsync(id, GiveUp);
        Output<string>(state).ShouldBe("there");
        state.CustomStatus!.Value.GetString().ShouldBe("goes on");
    }

    [Fact]
    public async Task CallActivity_WithAnErrorThatIsWaitedFor_GoesOnBeyondTheLastAttempt()
    {
        var policy = new RetryPolicy { MaxAttempts = 2, FirstInterval = TimeSpan.FromMilliseconds(1), Backoff = 1,
            Waited = ["TimeoutException"], Patience = TimeSpan.FromMilliseconds(50) };
        var registry = Main<int>(context => context.CallActivityAsync<int>("failing", null, new TaskOptions(policy)))
            .WithFailing(5, _ => new TimeoutException("away"));

        Output<int>(await RunAsync(registry)).ShouldBe(6);
    }

    [Fact]
    public async Task CallActivity_WithAnErrorThatIsWaitedFor_GivesUpOnceThePatienceIsSpent()
    {
        var attempts = new List<DateTime>();
        var policy = new RetryPolicy { MaxAttempts = 2, FirstInterval = TimeSpan.FromMilliseconds(1), Backoff = 1,
            Waited = ["TimeoutException"], Patience = TimeSpan.FromMilliseconds(3) };
        var registry = Main<int>(context => context.CallActivityAsync<int>("failing", null, new TaskOptions(policy)))
            .WithFailing(20, _ => new TimeoutException("away"), attempts);

        (await RunAsync(registry)).Status.ShouldBe(OrchestrationStatus.Failed);
        attempts.Count.ShouldBe(4);
    }

    [Theory]
    [InlineData("FormatException")]
    [InlineData("System.FormatException")]
    public async Task CallActivity_NonRetryable_FailsAtTheFirstAttempt(string nonRetryable)
    {
        var attempts = new List<DateTime>();
        var policy = new RetryPolicy { MaxAttempts = 5, FirstInterval = TimeSpan.FromMilliseconds(1), NonRetryable = [nonRetryable] };
        var registry = Main<int>(context => context.CallActivityAsync<int>("failing", null, new TaskOptions(policy)))
            .WithFailing(10, attempt => attempt == 2 ? new FormatException("never") : new TimeoutException("again"), attempts);

        var cause = (await RunAsync(registry)).Failure!.Root;
        cause.ErrorMessage.ShouldBe("never");
        if (FailuresKeepTypes) cause.ErrorType.ShouldBe("System.FormatException");
        attempts.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Orchestrator_ThatThrows_FailsWithTypeAndMessage()
    {
        var state = await RunAsync(Main<int>(_ => throw new InvalidDataException("no such thing")));

        state.Status.ShouldBe(OrchestrationStatus.Failed);
        state.Output.ShouldBeNull();
        state.Failure!.ErrorType.ShouldBe("System.IO.InvalidDataException");
        state.Failure.ErrorMessage.ShouldBe("no such thing");
    }

    [Fact]
    public async Task CallActivity_WithACauseOfACauseAndSoOn_KeepsTheFirst()
    {
        var error = Enumerable.Range(0, 200)
            .Aggregate((Exception)new FormatException("first"), (inner, n) => new InvalidOperationException($"{n}", inner));
        var registry = Main<int>(context => context.CallActivityAsync<int>("failing")).WithFailing(1, _ => error);

        var cause = (await RunAsync(registry)).Failure!.Root;
        if (FailuresKeepTypes) cause.ErrorMessage.ShouldBe("first");
        else cause.ErrorMessage.ShouldEndWith("first");
    }

    [Fact]
    public async Task CallActivity_DeepValues_ComeBackWhole()
    {
        var deep = new string('[', 60) + "7" + new string(']', 60);
        var registry = Main<JsonElement, JsonElement>((context, value) => context.CallActivityAsync<JsonElement>("same", value))
            .AddActivity<JsonElement, JsonElement>("same", (_, value, _) => Task.FromResult(value));

        Output<JsonElement>(await RunAsync(registry, JsonDocument.Parse(deep).RootElement)).GetRawText().ShouldBe(deep);
    }

    [Fact]
    public async Task Orchestrator_ThatCatchesAFailure_GoesOn()
    {
        var registry = Main<int>(async context =>
        {
            try
            {
                await context.CallActivityAsync<int>("failing");
            }
            catch (TaskFailedException)
            {
            }
            return await context.CallActivityAsync<int>("double", 4);
        }).WithDouble().WithFailing(1);

        Output<int>(await RunAsync(registry)).ShouldBe(8);
    }
}
