using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.LocalHost.Engine.Execution;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Tests.Engine;

public sealed class EmbeddedEngineTests
{
    private readonly CancellationToken giveUp = new CancellationTokenSource(TimeSpan.FromMinutes(30)).Token;

    [Theory]
    [InlineData("delay")]
    [InlineData("run")]
    [InlineData("configure-await")]
    [InlineData("cancel-after")]
    [InlineData("never")]
    [InlineData("delay-beside-a-wait")]
    public async Task Orchestrator_AwaitsAForeignTask_FailsAndSaysWhy(string how)
    {
        await using var factory = new EngineHostFactory();
        await using var engine = await factory.StartEngineAsync(new OrchestrationRegistry()
            .AddActivity<int, int>("slow", async (_, n, stop) =>
            {
                await Task.Delay(50, stop);
                return n;
            })
            .AddOrchestrator<string, int>("main", async (context, way) =>
            {
                await (way switch
                {
                    "delay" => Task.Delay(1),
                    "run" => Task.Run(() => Thread.Sleep(1)),
                    "cancel-after" => context.CreateTimer(context.CurrentUtcDateTime.AddDays(1), new CancellationTokenSource(20).Token),
                    "delay-beside-a-wait" => Task.WhenAny(Task.Delay(20), context.WaitForExternalEvent<int>("never")),
                    "never" => new TaskCompletionSource().Task,
                    _ => Task.CompletedTask,
                });
                await context.CallActivityAsync<int>("slow", 1).ConfigureAwait(false);
                return await context.CallActivityAsync<int>("slow", 2);
            }));
        await engine.ScheduleNewAsync("main", how, "it", cancellation: giveUp);

        var state = await engine.WaitForCompletionAsync("it", giveUp);

        state.Status.ShouldBe(OrchestrationStatus.Failed);
        state.Failure!.ErrorType.ShouldBe(typeof(ForeignTaskException).FullName);
        state.Failure.ErrorMessage.ShouldContain("Task.Delay");
    }

    [Fact]
    public async Task CachedInstances_FewerThanRunning_StillFinishesAll()
    {
        await using var factory = new EngineHostFactory(options => options with { CachedInstances = 2 });
        await using var engine = await factory.StartEngineAsync(new OrchestrationRegistry()
            .AddActivity<int, int>("same", (_, n, _) => Task.FromResult(n))
            .AddOrchestrator<int, int>("main", async (context, count) =>
            {
                var sum = 0;
                for (var n = 0; n < count; n++)
                    sum += await context.CallActivityAsync<int>("same", n);
                return sum;
            }));
        for (var i = 0; i < 10; i++)
            await engine.ScheduleNewAsync("main", 10, $"run-{i}", cancellation: giveUp);

        for (var i = 0; i < 10; i++)
            (await engine.WaitForCompletionAsync($"run-{i}", giveUp)).Output!.Value.GetInt32().ShouldBe(45);
    }

    [Fact]
    public async Task CreateTimer_BeyondTheClocksReach_FiresAtItsTime()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        await using var factory = new EngineHostFactory(options => options with { TimeProvider = clock });
        var registry = new OrchestrationRegistry().AddOrchestrator<object?, DateTime>("main", async (context, _) =>
        {
            await context.CreateTimer(context.CurrentUtcDateTime.AddDays(90), CancellationToken.None);
            return context.CurrentUtcDateTime;
        });
        await using (var engine = await factory.StartEngineAsync(registry))
        {
            await engine.ScheduleNewAsync("main", null, "it", cancellation: giveUp);
            while ((await engine.GetAsync("it", giveUp))!.Status != OrchestrationStatus.Running)
                await Task.Delay(5, giveUp);
            clock.Advance(TimeSpan.FromDays(60));
            (await engine.GetAsync("it", giveUp))!.Status.ShouldBe(OrchestrationStatus.Running);
        }
        await using (var engine = await factory.StartEngineAsync(registry))
        {
            clock.Advance(TimeSpan.FromDays(30));
            var state = await engine.WaitForCompletionAsync("it", giveUp);
            state.Output!.Value.GetDateTime().ShouldBe(DateTime.UnixEpoch.AddDays(90));
        }
    }

    [Fact]
    public async Task MaxConcurrentActivities_IsNeverExceeded()
    {
        var (now, most, three) = (0, 0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var factory = new EngineHostFactory(options => options with { MaxConcurrentActivities = 3 });
        await using var engine = await factory.StartEngineAsync(new OrchestrationRegistry()
            .AddActivity<int, int>("busy", async (_, n, stop) =>
            {
                var running = Interlocked.Increment(ref now);
                InterlockedMax(ref most, running);
                if (running == 3) three.TrySetResult();
                await three.Task.WaitAsync(giveUp); // until as many run as may
                await Task.Delay(5, stop);
                Interlocked.Decrement(ref now);
                return n;
            })
            .AddOrchestrator<object?, int>("main", async (context, _) =>
                (await Task.WhenAll(Enumerable.Range(0, 30).Select(n => context.CallActivityAsync<int>("busy", n)))).Length));
        await engine.ScheduleNewAsync("main", null, "it", cancellation: giveUp);

        (await engine.WaitForCompletionAsync("it", giveUp)).Output!.Value.GetInt32().ShouldBe(30);

        most.ShouldBe(3);
    }

    [Fact]
    public async Task CallSubOrchestrator_OfAnIdThatIsRunning_FailsTheCall()
    {
        await using var factory = new EngineHostFactory();
        await using var engine = await factory.StartEngineAsync(new OrchestrationRegistry()
            .AddOrchestrator<object?, int>("waiting", (context, _) => context.WaitForExternalEvent<int>("go"))
            .AddOrchestrator<object?, int>("main",
                (context, _) => context.CallSubOrchestratorAsync<int>("waiting", null, new SubOrchestrationOptions(InstanceId: "taken"))));
        await engine.ScheduleNewAsync("waiting", null, "taken", cancellation: giveUp);
        await engine.ScheduleNewAsync("main", null, "it", cancellation: giveUp);

        (await engine.WaitForCompletionAsync("it", giveUp)).Failure!.Root.ErrorMessage.ShouldContain("'taken' exists and is not finished");
        (await engine.GetAsync("taken", giveUp))!.Status.ShouldBe(OrchestrationStatus.Running);
    }

    [Fact]
    public async Task WaitForCompletion_WhenStopped_Throws()
    {
        await using var factory = new EngineHostFactory();
        var engine = await factory.StartEngineAsync(new OrchestrationRegistry()
            .AddOrchestrator<object?, int>("waiting", (context, _) => context.WaitForExternalEvent<int>("go")));
        await engine.ScheduleNewAsync("waiting", null, "it", cancellation: giveUp);
        var wait = engine.WaitForCompletionAsync("it", giveUp);

        await engine.DisposeAsync();

        await Should.ThrowAsync<InvalidOperationException>(() => wait);
        await Should.ThrowAsync<InvalidOperationException>(() => engine.GetAsync("it", giveUp));
    }

    [Fact]
    public async Task ReplaySafeLogger_SaysEveryThingOnce()
    {
        var lines = new ConcurrentQueue<string>();
        using var loggers = LogWatch.Create((category, _, text) =>
        {
            if (category == "test") lines.Enqueue(text);
        });
        await using var factory = new EngineHostFactory(options => options with { ReplayEveryDecision = true }, loggers);
        await using var engine = await factory.StartEngineAsync(new OrchestrationRegistry()
            .AddActivity<int, int>("same", (_, n, _) => Task.FromResult(n))
            .AddOrchestrator<object?, int>("main", async (context, _) =>
            {
                var logger = context.CreateReplaySafeLogger("test");
                for (var n = 0; n < 4; n++)
                {
                    logger.LogInformation("step");
                    await context.CallActivityAsync<int>("same", n);
                }
                return 0;
            }));
        await engine.ScheduleNewAsync("main", null, "it", cancellation: giveUp);
        await engine.WaitForCompletionAsync("it", giveUp);

        lines.Count.ShouldBe(4);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = target; value > seen && Interlocked.CompareExchange(ref target, value, seen) is var now && now != seen;)
            seen = now;
    }
}
