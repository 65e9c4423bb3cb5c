using R1Cloud.LocalHost.Engine.Execution;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Tests.Engine;

/// <summary>Code that changed under a running instance: begun with one version of the code, gone on with another.</summary>
public sealed class NonDeterminismTests
{
    private const string Id = "the-run";

    [Fact]
    public Task Replay_OtherActivity_NamesBoth() =>
        FailsWithAsync(context => context.CallActivityAsync<int>("C"),
            "history event 4 scheduled activity 'A', the code now calls activity 'C'");

    [Fact]
    public Task Replay_OtherKind_NamesBoth() => FailsWithAsync(
        context => context.CreateTimer(context.CurrentUtcDateTime, CancellationToken.None),
            "history event 4 scheduled activity 'A', the code now creates a timer");

    [Fact]
    public Task Replay_AsksForLess_SaysSo() =>
        FailsWithAsync(context => context.WaitForExternalEvent<int>("never"),
            "history event 4 scheduled activity 'A', the code now asks for nothing");

    [Fact]
    public Task Replay_Ends_SaysSo() =>
        FailsWithAsync(_ => Task.CompletedTask, "history event 4 scheduled activity 'A', the code now ends");

    [Fact]
    public Task Replay_Throws_SaysHow() => FailsWithAsync(
        _ => throw new FormatException("bad"),
            "history event 4 scheduled activity 'A', the code now fails with System.FormatException: bad");

    [Fact]
    public Task Replay_AsksForMore_SaysSo() => FailsWithAsync(async context =>
    {
        var first = context.CallActivityAsync<int>("A");
        await context.CallActivityAsync<int>("B");
        await first;
    }, "history event 5 is past the end of that decision, the code now calls activity 'B'");

    [Fact]
    public Task Replay_OtherChild_NamesBoth() => FailsWithAsync(async context =>
    {
        await context.CallActivityAsync<int>("A");
        await context.CallSubOrchestratorAsync<int>("child", null, new SubOrchestrationOptions(InstanceId: "other"));
    }, "scheduled sub-orchestration 'child' as 'the-child', the code now calls sub-orchestration 'child' as 'other'");

    [Fact]
    public async Task Replay_SameCode_GoesOn()
    {
        var state = await ChangeAsync(Original);
        state.Status.ShouldBe(OrchestrationStatus.Completed, state.Failure?.ToString());
    }

    private static async Task FailsWithAsync(Func<IOrchestrationContext, Task> changed, string expected)
    {
        var state = await ChangeAsync(changed);
        state.Status.ShouldBe(OrchestrationStatus.Failed);
        state.Failure!.ErrorType.ShouldBe(typeof(NonDeterministicOrchestrationException).FullName);
        state.Failure.ErrorMessage.ShouldContain($"'{Id}'");
        state.Failure.ErrorMessage.ShouldContain(expected);
    }

    private static async Task Original(IOrchestrationContext context)
    {
        // History: 1 decision, 2 started, 3 event sent, 4 activity A; 5 decision, 6 A's result, 7 child; then it waits.
        await context.CallActivityAsync<int>("A");
        await context.CallSubOrchestratorAsync<int>("child", null, new SubOrchestrationOptions(InstanceId: "the-child"));
    }

    private static async Task<OrchestrationState> ChangeAsync(Func<IOrchestrationContext, Task> changed)
    {
        await using var factory = new EngineHostFactory();
        await using (var engine = await factory.StartEngineAsync(Registry(Original)))
        {
            await engine.ScheduleNewAsync("main", null, Id);
            while ((await engine.GetAsync("the-child"))?.Status != OrchestrationStatus.Running)
                await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        await using (var engine = await factory.StartEngineAsync(Registry(changed)))
        {
            await engine.RaiseEventAsync("the-child", "go", 1);
            using var giveUp = new CancellationTokenSource(TimeSpan.FromMinutes(30));
            return await engine.WaitForCompletionAsync(Id, giveUp.Token);
        }
    }

    private static OrchestrationRegistry Registry(Func<IOrchestrationContext, Task> main) => new OrchestrationRegistry()
        .AddOrchestrator<object?, int>("main", async (context, _) =>
        {
            context.SendEvent("nobody", "hello", null);
            await main(context);
            return 1;
        })
        .AddOrchestrator<object?, int>("child", (context, _) => context.WaitForExternalEvent<int>("go"))
        .AddActivity<object?, int>("A", (_, _, _) => Task.FromResult(1))
        .AddActivity<object?, int>("B", (_, _, _) => Task.FromResult(2))
        .AddActivity<object?, int>("C", (_, _, _) => Task.FromResult(3));
}
