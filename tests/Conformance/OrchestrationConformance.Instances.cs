using System.Collections.Concurrent;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Conformance;

public abstract partial class OrchestrationConformance
{
    [Fact]
    public async Task ScheduleNew_Twice_IsOneInstance()
    {
        const string id = nameof(ScheduleNew_Twice_IsOneInstance);
        var runs = 0;
        var registry = Main<int, int>(async (context, time) =>
        {
            context.SetCustomStatus($"begun {time}");
            await context.WaitForExternalEvent<object>("go");
            return await context.CallActivityAsync<int>("count");
        }).AddActivity<object?, int>("count", (_, _, _) => Task.FromResult(Interlocked.Increment(ref runs)));
        await using var host = await StartAsync(registry);

        (await host.Client.ScheduleNewAsync("main", 1, id, cancellation: GiveUp)).ShouldBeTrue();
        (await host.Client.ScheduleNewAsync("main", 3, id, restartFinished: true, GiveUp)).ShouldBeFalse();
        await host.Client.RaiseEventAsync(id, "go", null, GiveUp);
        Output<int>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe(1);
        (await host.Client.ScheduleNewAsync("main", 3, id, cancellation: GiveUp)).ShouldBeFalse();

        (await host.Client.ScheduleNewAsync("main", 2, id, restartFinished: true, GiveUp)).ShouldBeTrue();
        // Earlier the event could be taken for one to the execution that has finished.
        await UntilStatusAsync(host, id, "begun 2");
        await host.Client.RaiseEventAsync(id, "go", null, GiveUp);
        Output<int>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe(2);
    }

    [Fact]
    public async Task ScheduleNew_UnknownOrchestrator_FailsWithItsName()
    {
        const string id = nameof(ScheduleNew_UnknownOrchestrator_FailsWithItsName);
        await using var host = await StartAsync(Main<int>(_ => Task.FromResult(1)));

        await host.Client.ScheduleNewAsync("nowhere", null, id, cancellation: GiveUp);

        var state = await host.Client.WaitForCompletionAsync(id, GiveUp);
        state.Status.ShouldBe(OrchestrationStatus.Failed);
        state.Failure!.ErrorMessage.ShouldContain("nowhere");
    }

    [Fact]
    public async Task CustomStatus_IsSeenWhileRunningAndAfter()
    {
        const string id = nameof(CustomStatus_IsSeenWhileRunningAndAfter);
        await using var host = await StartAsync(Main<int>(async context =>
        {
            context.SetCustomStatus(new { step = 1 });
            await context.WaitForExternalEvent<object>("go");
            context.SetCustomStatus(new { step = 2 });
            return 0;
        }));
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);

        var state = await UntilAsync(host, id, state => state.CustomStatus is { } status && status.GetProperty("step").GetInt32() == 1);
        state.Status.ShouldBe(OrchestrationStatus.Running);
        await host.Client.RaiseEventAsync(id, "go", null, GiveUp);
        state = await host.Client.WaitForCompletionAsync(id, GiveUp);
        state.CustomStatus!.Value.GetProperty("step").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task CustomStatus_OfTheLargestSize_IsKeptAndGoneOnWith()
    {
        const string id = nameof(CustomStatus_OfTheLargestSize_IsKeptAndGoneOnWith);
        var largest = new string('x', CustomStatus.MaxCharacters - 2); // in quotes
        await using var host = await StartAsync(Main<int>(async context =>
        {
            context.SetCustomStatus(largest);
            return await context.WaitForExternalEvent<int>("go");
        }));
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);

        await UntilStatusAsync(host, id, largest);
        await host.Client.RaiseEventAsync(id, "go", 4, GiveUp);

        Output<int>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe(4);
    }

    [Fact]
    public async Task CustomStatus_LargerThanPromised_FailsAtOnceAndSaysSo()
    {
        const string id = nameof(CustomStatus_LargerThanPromised_FailsAtOnceAndSaysSo);
        await using var host = await StartAsync(Main<int>(context =>
        {
            context.SetCustomStatus(new string('x', CustomStatus.MaxCharacters - 1));
            return context.WaitForExternalEvent<int>("never");
        }));
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);

        var state = await UntilAsync(host, id, state => state.IsFinished || state.CustomStatus is not null);

        state.Status.ShouldBe(OrchestrationStatus.Failed, "a status that is too large was taken");
        if (FailuresKeepTypes) state.Failure!.IsCausedBy(nameof(CustomStatusTooLargeException)).ShouldBeTrue(state.Failure.ToString());
        state.Failure!.ErrorMessage.ShouldContain($"{CustomStatus.MaxCharacters + 1} characters; at most {CustomStatus.MaxCharacters}");
    }

    [Fact]
    public async Task List_GivesInstancesOfAPrefixByCreation()
    {
        await using var host = await StartAsync(Main<int>(_ => Task.FromResult(1)));
        foreach (var id in new[] { "run/b", "run/a", "other", "run_c" })
            await RunAsync(host, id: id);

        var listed = new List<string>();
        await foreach (var state in host.Client.ListAsync("run/", cancellation: GiveUp))
            listed.Add(state.InstanceId);
        listed.ShouldBe(["run/b", "run/a"]);
    }

    [Fact]
    public async Task List_OfUnfinishedInstances_LeavesTheOthersOutAndWhatIsLarge()
    {
        await using var host = await StartAsync(Main<int>(context =>
        {
            context.SetCustomStatus("set");
            return context.WaitForExternalEvent<int>("go");
        }));
        foreach (var id in new[] { "ends", "runs", "held", "other" })
            await host.Client.ScheduleNewAsync("main", new string('x', 100), id, cancellation: GiveUp);
        foreach (var id in new[] { "ends", "runs", "held", "other" }) await UntilStatusAsync(host, id, "set");
        await host.Client.RaiseEventAsync("ends", "go", 1, GiveUp);
        await host.Client.WaitForCompletionAsync("ends", GiveUp);
        await host.Client.TerminateAsync("other", null, GiveUp);
        await host.Client.WaitForCompletionAsync("other", GiveUp);
        await host.Client.SuspendAsync("held", null, GiveUp);
        await UntilAsync(host, "held", state => state.Status == OrchestrationStatus.Suspended);

        var listed = new List<OrchestrationState>();
        await foreach (var state in host.Client.ListAsync(unfinishedOnly: true, cancellation: GiveUp)) listed.Add(state);

        listed.Select(state => (state.InstanceId, state.Status))
            .ShouldBe([("runs", OrchestrationStatus.Running), ("held", OrchestrationStatus.Suspended)], ignoreOrder: true);
        listed.ShouldAllBe(state => state.Input == null && state.Output == null && state.CustomStatus == null);
    }

    [Fact]
    public async Task Purge_RemovesOnlyFinishedInstances()
    {
        const string id = nameof(Purge_RemovesOnlyFinishedInstances);
        await using var host = await StartAsync(Main<int>(context => context.WaitForExternalEvent<int>("go")));
        (await host.Client.PurgeAsync(id, GiveUp)).ShouldBeFalse();
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        (await host.Client.PurgeAsync(id, GiveUp)).ShouldBeFalse();
        await host.Client.RaiseEventAsync(id, "go", 1, GiveUp);
        await host.Client.WaitForCompletionAsync(id, GiveUp);

        (await host.Client.PurgeAsync(id, GiveUp)).ShouldBeTrue();

        (await host.Client.GetAsync(id, GiveUp)).ShouldBeNull();
        (await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp)).ShouldBeTrue();
    }

    [Fact]
    public async Task WaitForCompletion_OfNobody_Throws()
    {
        await using var host = await StartAsync(Main<int>(_ => Task.FromResult(1)));

        (await Should.ThrowAsync<KeyNotFoundException>(() => host.Client.WaitForCompletionAsync("nobody", GiveUp)))
            .Message.ShouldContain("nobody");
    }

    [Fact]
    public async Task WaitForCompletion_Cancelled_Throws()
    {
        const string id = nameof(WaitForCompletion_Cancelled_Throws);
        await using var host = await StartAsync(Main<int>(context => context.WaitForExternalEvent<int>("never")));
        await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
        using var stop = new CancellationTokenSource(50);

        await Should.ThrowAsync<OperationCanceledException>(() => host.Client.WaitForCompletionAsync(id, stop.Token));
    }

    [Fact]
    public async Task Restart_InMidRun_GoesOnWithoutRepeatingWhatIsFinished()
    {
        const string id = nameof(Restart_InMidRun_GoesOnWithoutRepeatingWhatIsFinished);
        var runs = new ConcurrentDictionary<string, int>();
        var registry = Main<string>(async context =>
        {
            var first = await context.CallActivityAsync<string>("count", "first");
            var held = context.CallActivityAsync<string>("held", "held");
            context.SetCustomStatus("waiting");
            var timer = context.CreateTimer(context.CurrentUtcDateTime.AddMilliseconds(300), CancellationToken.None);
            var early = await context.WaitForExternalEvent<string>("early");
            var late = await context.WaitForExternalEvent<string>("late");
            await timer;
            return $"{first} {await held} {early} {late}";
        }).AddActivity<string, string>("count", (_, name, _) =>
        {
            runs.AddOrUpdate(name, 1, (_, n) => n + 1);
            return Task.FromResult(name);
        }).AddActivity<string, string>("held", async (_, name, stop) =>
        {
            if (runs.AddOrUpdate(name, 1, (_, n) => n + 1) == 1)
                await Task.Delay(Timeout.Infinite, stop);
            return name;
        });
        await using (var host = await StartAsync(registry))
        {
            await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
            await UntilStatusAsync(host, id, "waiting");
            await host.Client.RaiseEventAsync(id, "early", "early", GiveUp);
            await UntilAsync(host, id, _ => runs.ContainsKey("held"));
        }
        await using (var host = await StartAsync(registry))
        {
            (await host.Client.GetAsync(id, GiveUp))!.CustomStatus!.Value.GetString().ShouldBe("waiting");
            await host.Client.RaiseEventAsync(id, "late", "late", GiveUp);
            Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("first held early late");
        }
        runs["first"].ShouldBe(1);
        runs["held"].ShouldBe(2);
    }

    [Fact]
    public async Task Restart_KeepsSuspensionAndFinishedInstances()
    {
        const string id = nameof(Restart_KeepsSuspensionAndFinishedInstances);
        var registry = Main<string>(context => context.WaitForExternalEvent<string>("go"))
            .AddOrchestrator<object?, int>("quick", (_, _) => Task.FromResult(3));
        await using (var host = await StartAsync(registry))
        {
            await host.Client.ScheduleNewAsync("main", null, id, cancellation: GiveUp);
            await host.Client.ScheduleNewAsync("quick", null, "quick", cancellation: GiveUp);
            await host.Client.WaitForCompletionAsync("quick", GiveUp);
            await UntilAsync(host, id, state => state.Status == OrchestrationStatus.Running);
            await host.Client.SuspendAsync(id, null, GiveUp);
            await UntilAsync(host, id, state => state.Status == OrchestrationStatus.Suspended);
        }
        await using (var host = await StartAsync(registry))
        {
            Output<int>((await host.Client.GetAsync("quick", GiveUp))!).ShouldBe(3);
            await host.Client.RaiseEventAsync(id, "go", "went", GiveUp);
            (await host.Client.GetAsync(id, GiveUp))!.Status.ShouldBe(OrchestrationStatus.Suspended);
            await host.Client.ResumeAsync(id, null, GiveUp);
            Output<string>(await host.Client.WaitForCompletionAsync(id, GiveUp)).ShouldBe("went");
        }
    }

    [Fact]
    public async Task IsReplaying_IsFalseOnceForEveryNewStep()
    {
        var live = new ConcurrentQueue<string>();
        var registry = Main<int>(async context =>
        {
            for (var step = 0; step < 5; step++)
            {
                if (!context.IsReplaying)
                    live.Enqueue($"step {step}");
                await context.CallActivityAsync<int>("double", step);
            }
            return 0;
        }).WithDouble();

        Output<int>(await RunAsync(registry)).ShouldBe(0);
        live.ShouldBe(["step 0", "step 1", "step 2", "step 3", "step 4"]);
    }
}
