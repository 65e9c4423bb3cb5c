using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Conformance;

public abstract partial class OrchestrationConformance
{
    [Fact]
    public async Task WaitForExternalEvent_RaisedLater_GetsItsPayload()
    {
        const string id = nameof(WaitForExternalEvent_RaisedLater_GetsItsPayload);
        await using var host = await StartAsync(Main<int[]>(context =>
        {
            context.SetCustomStatus("waiting");
            return context.WaitForExternalEvent<int[]>("numbers");
        }));
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, id, "waiting");

        await host.Client.RaiseEventAsync(id, "numbers", new[] { 1, 2 }, GiveUp);

        Output<int[]>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task WaitForExternalEvent_RaisedEarly_IsKeptInOrderOfItsName()
    {
        const string id = nameof(WaitForExternalEvent_RaisedEarly_IsKeptInOrderOfItsName);
        await using var host = await StartAsync(Main<string>(async context =>
        {
            context.SetCustomStatus("up");
            await context.WaitForExternalEvent<string>("go");
            var a1 = await context.WaitForExternalEvent<string>("a");
            var b1 = await context.WaitForExternalEvent<string>("b");
            var a2 = await context.WaitForExternalEvent<string>("a");
            return $"{a1} {b1} {a2}";
        }));
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, id, "up");

        await host.Client.RaiseEventAsync(id, "a", "a1", GiveUp);
        await host.Client.RaiseEventAsync(id, "a", "a2", GiveUp);
        await host.Client.RaiseEventAsync(id, "b", "b1", GiveUp);
        await host.Client.RaiseEventAsync(id, "go", null, GiveUp);

        Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("a1 b1 a2");
    }

    [Fact]
    public async Task WaitForExternalEvent_ComparesNamesWithoutCase()
    {
        const string id = nameof(WaitForExternalEvent_ComparesNamesWithoutCase);
        await using var host = await StartAsync(Main<int>(context => context.WaitForExternalEvent<int>("Job-Done")));
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);

        await host.Client.RaiseEventAsync(id, "job-DONE", 3, GiveUp);

        Output<int>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe(3);
    }

    [Fact]
    public async Task WaitForExternalEvent_Cancelled_LeavesTheEventToTheNextWaiter()
    {
        const string id = nameof(WaitForExternalEvent_Cancelled_LeavesTheEventToTheNextWaiter);
        await using var host = await StartAsync(Main<string>(async context =>
        {
            using var stop = new CancellationTokenSource();
            var first = context.WaitForExternalEvent<string>("answer", stop.Token);
            stop.Cancel();
            var cancelled = false;
            try
            {
                await first;
            }
            catch (OperationCanceledException)
            {
                cancelled = true;
            }
            context.SetCustomStatus("waiting");
            return $"{cancelled} {await context.WaitForExternalEvent<string>("answer")}";
        }));
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilStatusAsync(host, id, "waiting");

        await host.Client.RaiseEventAsync(id, "answer", "yes", GiveUp);

        Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("True yes");
    }

    [Fact]
    public async Task SendEvent_ReachesAnotherInstance()
    {
        const string id = nameof(SendEvent_ReachesAnotherInstance);
        var registry = Main<string>(context => context.WaitForExternalEvent<string>("greeting"))
            .AddOrchestrator<string, string>("sender", (context, target) =>
            {
                context.SendEvent(target, "greeting", $"from {context.InstanceId}");
                return Task.FromResult("sent");
            });
        await using var host = await StartAsync(registry);
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        await UntilAsync(host, id, state => state.Status == OrchestrationStatus.Running);
        await host.Client.ScheduleNewAsync("sender", id, "the-sender", cancellation: GiveUp);

        Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("from the-sender");
    }

    [Fact]
    public async Task RaiseEvent_ToNobody_DoesNothing()
    {
        await using var host = await StartAsync(Main<int>(_ => Task.FromResult(1)));
        await RunAsync(host);

        await host.Client.RaiseEventAsync("unknown", "a", null, GiveUp);
        await host.Client.RaiseEventAsync(nameof(RaiseEvent_ToNobody_DoesNothing), "a", null, GiveUp);

        (await host.Client.GetAsync("unknown", GiveUp)).ShouldBeNull();
    }

    [Fact]
    public async Task ContinueAsNew_FiftyRounds_CarriesInputAndEvents()
    {
        const string id = nameof(ContinueAsNew_FiftyRounds_CarriesInputAndEvents);
        var registry = Main<Tally, int>(async (context, tally) =>
        {
            if (tally.Count == 0)
                context.SetCustomStatus("up");
            if (tally.Count == 50)
                return tally.Sum;
            // Those that wait may be overtaken by later ones, so nothing is made of their order.
            var next = await context.WaitForExternalEvent<int>("number");
            context.ContinueAsNew(new Tally(tally.Count + 1, tally.Sum + await context.CallActivityAsync<int>("double", next)));
            return -1;
        }).WithDouble();
        await using var host = await StartAsync(registry);
        await host.Client.ScheduleNewAsync("main", new Tally(0, 0), id, cancellation: GiveUp);
        await UntilStatusAsync(host, id, "up");

        for (var n = 1; n <= 50; n++)
            await host.Client.RaiseEventAsync(id, "number", n, GiveUp);

        Output<int>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe(50 * 51);
    }

    [Fact]
    public async Task ContinueAsNew_WithoutEvents_DropsThem()
    {
        const string id = nameof(ContinueAsNew_WithoutEvents_DropsThem);
        var registry = Main<int, string>(async (context, round) =>
        {
            if (round == 1)
            {
                context.SetCustomStatus("second");
                return await context.WaitForExternalEvent<string>("word");
            }
            context.SetCustomStatus("first");
            await context.WaitForExternalEvent<string>("go");
            context.ContinueAsNew(1, preserveUnprocessedEvents: false);
            return "";
        });
        await using var host = await StartAsync(registry);
        await host.Client.ScheduleNewAsync("main", 0, id, cancellation: GiveUp);
        await UntilStatusAsync(host, id, "first");
        await host.Client.RaiseEventAsync(id, "word", "dropped", GiveUp);
        await host.Client.RaiseEventAsync(id, "go", null, GiveUp);
        await UntilStatusAsync(host, id, "second");

        await host.Client.RaiseEventAsync(id, "word", "heard", GiveUp);

        Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("heard");
    }

    [Fact]
    public async Task ContinueAsNew_OfAChild_ReturnsTheLastOutputToItsParent()
    {
        var registry = Main<int>(context => context.CallSubOrchestratorAsync<int>("count", 0))
            .AddOrchestrator<int, int>("count", (context, n) =>
            {
                if (n < 10)
                    context.ContinueAsNew(n + 1);
                return Task.FromResult(n);
            });

        Output<int>(await RunAsync(registry)).ShouldBe(10);
    }

    private sealed record Tally(int Count, int Sum);
}
