using System.Collections.Concurrent;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Conformance;

public abstract partial class OrchestrationConformance
{
    [Fact]
    public async Task CallSubOrchestrator_ReturnsItsOutput_AndIsAnInstanceOfItsOwn()
    {
        const string id = nameof(CallSubOrchestrator_ReturnsItsOutput_AndIsAnInstanceOfItsOwn);
        var registry =
            Main<string>(context =>
                context.CallSubOrchestratorAsync<string>("child", 5, new SubOrchestrationOptions(InstanceId: "the-child")))
            .AddOrchestrator<int, string>("child",
                (context, n) => Task.FromResult($"{context.InstanceId} {context.ParentInstanceId} {context.Name} {n}"));

        await using var host = await StartAsync(registry);
        Output<string>(await RunAsync(host)).ShouldBe($"the-child {id} child 5");
        var child = (await host.Client.GetAsync("the-child", GiveUp)).ShouldNotBeNull();
        child.ParentInstanceId.ShouldBe(id);
        child.Status.ShouldBe(OrchestrationStatus.Completed);
    }

    [Fact]
    public async Task CallSubOrchestrator_WithoutIds_GivesEachItsOwn()
    {
        var registry =
            Main<string[]>(context => Task.WhenAll(Enumerable.Range(0, 20).Select(_ => context.CallSubOrchestratorAsync<string>("child"))))
            .AddOrchestrator<object?, string>("child", async (context, _) =>
            {
                await context.CallActivityAsync<int>("double", 1);
                return context.InstanceId;
            }).WithDouble();

        Output<string[]>(await RunAsync(registry)).Distinct().Count().ShouldBe(20);
    }

    [Fact]
    public async Task CallSubOrchestrator_ThatFails_PropagatesTypesThroughItsParents()
    {
        var registry = Main<int>(context => context.CallSubOrchestratorAsync<int>("middle"))
            .AddOrchestrator<object?, int>("middle", (context, _) => context.CallSubOrchestratorAsync<int>("inner"))
            .AddOrchestrator<object?, int>("inner", (context, _) => context.CallActivityAsync<int>("failing"))
            .WithFailing(1, _ => new FormatException("deep"));

        var failure = (await RunAsync(registry)).Failure.ShouldNotBeNull();
        failure.ErrorType.ShouldEndWith(nameof(TaskFailedException));
        if (FailuresKeepTypes) failure.IsCausedBy("FormatException").ShouldBeTrue();
        failure.Root.ErrorMessage.ShouldBe("deep");
    }

    [Fact]
    public async Task CallSubOrchestrator_ThatFails_CanBeCaught()
    {
        var registry = Main<string>(async context =>
        {
            try
            {
                return await context.CallSubOrchestratorAsync<string>("child");
            }
            catch (TaskFailedException failed)
            {
                return $"{failed.TaskName}: {failed.Details.ErrorType}";
            }
        }).AddOrchestrator<object?, string>("child", (_, _) => throw new InvalidDataException("x"));

        Output<string>(await RunAsync(registry)).ShouldBe("child: System.IO.InvalidDataException");
    }

    [Fact]
    public async Task CallSubOrchestrator_WithRetryAndId_StartsTheFailedInstanceAnew()
    {
        var runs = 0;
        var policy = new RetryPolicy { MaxAttempts = 3, FirstInterval = TimeSpan.FromMilliseconds(1) };
        var registry =
            Main<string>(context => context.CallSubOrchestratorAsync<string>("child", null, new SubOrchestrationOptions(policy, "again")))
            .AddOrchestrator<object?, string>("child",
                async (context, _) => $"{context.InstanceId} {await context.CallActivityAsync<int>("failing")}")
            .AddActivity<object?, int>("failing",
                (_, _, _) => Interlocked.Increment(ref runs) is var run && run < 3 ? throw new TimeoutException() : Task.FromResult(run));

        Output<string>(await RunAsync(registry)).ShouldBe("again 3");
    }

    [Fact]
    public async Task CallSubOrchestrator_WithRetry_StopsAtNonRetryable()
    {
        var attempts = new List<DateTime>();
        var policy = new RetryPolicy { MaxAttempts = 5, FirstInterval = TimeSpan.FromMilliseconds(1), NonRetryable = ["FormatException"] };
        var registry = Main<string>(context => context.CallSubOrchestratorAsync<string>("child", null, new SubOrchestrationOptions(policy)))
            .AddOrchestrator<object?, int>("child", (context, _) => context.CallActivityAsync<int>("failing"))
            .WithFailing(9, _ => new FormatException("no"), attempts);

        (await RunAsync(registry)).Failure!.Root.ErrorMessage.ShouldBe("no");
        attempts.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Terminate_EndsAnInstanceAndItsChildren()
    {
        const string id = nameof(Terminate_EndsAnInstanceAndItsChildren);
        await using var host = await StartAsync(WaitingFamily());
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, $"{id}/child/grandchild", "waiting");

        await host.Client.TerminateAsync(id, "enough", GiveUp);

        var state = await host.Client.WaitForCompletionAsync(id, GiveUp);
        state.Status.ShouldBe(OrchestrationStatus.Terminated);
        state.Output!.Value.GetString().ShouldBe("enough");
        (await host.Client.WaitForCompletionAsync($"{id}/child", GiveUp)).Status.ShouldBe(OrchestrationStatus.Terminated);
        (await host.Client.WaitForCompletionAsync($"{id}/child/grandchild", GiveUp)).Status.ShouldBe(OrchestrationStatus.Terminated);
        await host.Client.RaiseEventAsync($"{id}/child/grandchild", "go", "late", GiveUp);
        (await host.Client.GetAsync(id, GiveUp))!.Status.ShouldBe(OrchestrationStatus.Terminated);
    }

    [Fact]
    public async Task Terminate_OfAChild_FailsTheCall()
    {
        const string id = nameof(Terminate_OfAChild_FailsTheCall);
        await using var host = await StartAsync(WaitingFamily());
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, $"{id}/child/grandchild", "waiting");

        await host.Client.TerminateAsync($"{id}/child/grandchild", "enough", GiveUp);

        var state = await host.Client.WaitForCompletionAsync(id, GiveUp);
        state.Status.ShouldBe(OrchestrationStatus.Failed);
        state.Failure!.Root.ErrorMessage.ShouldContain("terminated");
    }

    [Fact]
    public async Task Suspend_HoldsAnInstanceAndItsChildren_UntilResumed()
    {
        const string id = nameof(Suspend_HoldsAnInstanceAndItsChildren_UntilResumed);
        await using var host = await StartAsync(WaitingFamily());
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, $"{id}/child/grandchild", "waiting");

        await host.Client.SuspendAsync(id, "pause", GiveUp);
        await UntilAsync(host, id, state => state.Status == OrchestrationStatus.Suspended);
        await UntilAsync(host, $"{id}/child/grandchild", state => state.Status == OrchestrationStatus.Suspended);
        await host.Client.RaiseEventAsync($"{id}/child/grandchild", "go", "kept", GiveUp);
        await Task.Delay(200, GiveUp);
        (await host.Client.GetAsync($"{id}/child/grandchild", GiveUp))!.Status.ShouldBe(OrchestrationStatus.Suspended);

        await host.Client.ResumeAsync(id, null, GiveUp);
        Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("kept");
    }

    [Fact]
    public async Task Suspend_KeepsResultsOfActivitiesInFlight()
    {
        const string id = nameof(Suspend_KeepsResultsOfActivitiesInFlight);
        var started = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var runs = new ConcurrentBag<int>();
        var registry = Main<int>(context => context.CallActivityAsync<int>("held")).AddActivity<object?, int>("held", async (_, _, stop) =>
        {
            runs.Add(1);
            started.TrySetResult();
            await release.Task.WaitAsync(stop);
            return 7;
        });
        await using var host = await StartAsync(registry);
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await started.Task.WaitAsync(GiveUp);
        await host.Client.SuspendAsync(id, null, GiveUp);
        await UntilAsync(host, id, state => state.Status == OrchestrationStatus.Suspended);
        release.SetResult();
        await Task.Delay(100, GiveUp);
        (await host.Client.GetAsync(id, GiveUp))!.Status.ShouldBe(OrchestrationStatus.Suspended);

        await host.Client.ResumeAsync(id, null, GiveUp);
        Output<int>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe(7);
        runs.Count.ShouldBe(1);
    }

    // Parent, child, grandchild; the last waits for the event "go" and its payload comes all the way up.
    private static OrchestrationRegistry WaitingFamily() =>
        Main<string>(context =>
            context.CallSubOrchestratorAsync<string>("child", null, new SubOrchestrationOptions(InstanceId: $"{context.InstanceId}/child")))
            .AddOrchestrator<object?, string>("child", (context, _) =>
                context.CallSubOrchestratorAsync<string>("grandchild", null,
                    new SubOrchestrationOptions(InstanceId: $"{context.InstanceId}/grandchild")))
            .AddOrchestrator<object?, string>("grandchild", (context, _) =>
            {
                context.SetCustomStatus("waiting");
                return context.WaitForExternalEvent<string>("go");
            });
}
