using System.Runtime.CompilerServices;
using System.Text.Json;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;

namespace R1Cloud.Conformance;

/// <summary>What the orchestration port promises, written against the port alone. Derive once for every host.</summary>
public abstract partial class OrchestrationConformance : IAsyncLifetime
{
    // Long enough for a slow machine; a behaviour that never comes fails here.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private readonly CancellationTokenSource patience = new(Patience);
    private IOrchestrationHostFactory factory = null!;

    protected CancellationToken GiveUp => patience.Token;

    /// <summary>By how much the host's timers, waits before retries included, may be early.</summary>
    protected virtual TimeSpan TimerPrecision => TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Whether the failure of an instance names the types of its causes from outside, or is kept as text. Inside orchestrations they are
    /// always known.
    /// </summary>
    protected virtual bool FailuresKeepTypes => true;

    protected abstract IOrchestrationHostFactory CreateFactory();

    public ValueTask InitializeAsync()
    {
        factory = CreateFactory();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await factory.DisposeAsync();
        patience.Dispose();
        GC.SuppressFinalize(this);
    }

    protected Task<IOrchestrationHost> StartAsync(OrchestrationRegistry registry) => factory.StartAsync(registry);

    /// <summary>Runs the orchestrator "main" of a registry to its end in a host of its own.</summary>
    protected async Task<OrchestrationState> RunAsync(OrchestrationRegistry registry, object? input = null, [CallerMemberName]
        string id = "")
    {
        await using var host = await StartAsync(registry);
        return await RunAsync(host, input, id);
    }

    protected async Task<OrchestrationState> RunAsync(IOrchestrationHost host, object? input = null, [CallerMemberName] string id = "")
    {
        (await host.Client.ScheduleNewAsync("main", input, id, cancellation: GiveUp)).ShouldBeTrue();
        return await host.Client.WaitForCompletionAsync(id, GiveUp);
    }

    /// <summary>Waits for an instance to be as it should; one that has ended otherwise will never be.</summary>
    protected async Task<OrchestrationState> UntilAsync(IOrchestrationHost host, string id, Func<OrchestrationState, bool> condition,
        [CallerArgumentExpression(nameof(condition))] string expected = "")
    {
        OrchestrationState? state = null;
        while (!GiveUp.IsCancellationRequested)
        {
            state = await host.Client.GetAsync(id, GiveUp);
            if (state is not null && condition(state)) return state;
            (state?.IsFinished ?? false).ShouldBeFalse($"'{id}' has ended without '{expected}': {state}");
            await Task.Delay(10, GiveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        throw new TimeoutException($"'{id}' does not come to '{expected}'; it is {state?.ToString() ?? "not there"}.");
    }

    protected Task<OrchestrationState> UntilStatusAsync(IOrchestrationHost host, string id, string customStatus) =>
        UntilAsync(host, id,
            state => state.CustomStatus is { ValueKind: JsonValueKind.String } status && status.GetString() == customStatus,
            customStatus.Length > 100 ? $"a custom status of {customStatus.Length} characters" : $"custom status {customStatus}");

    protected static OrchestrationRegistry Main<TInput, TOutput>(Func<IOrchestrationContext, TInput, Task<TOutput>> run) =>
        new OrchestrationRegistry().AddOrchestrator("main", run);

    protected static OrchestrationRegistry Main<TOutput>(Func<IOrchestrationContext, Task<TOutput>> run) =>
        new OrchestrationRegistry().AddOrchestrator<object?, TOutput>("main", (context, _) => run(context));

    /// <summary>The output of an instance that must have completed.</summary>
    protected static T Output<T>(OrchestrationState state)
    {
        state.Status.ShouldBe(OrchestrationStatus.Completed, state.Failure?.ToString());
        return state.Output!.Value.Deserialize<T>(R1Json.Options)!;
    }
}

/// <summary>Small activities that many tests share.</summary>
internal static class Activities
{
    public static OrchestrationRegistry WithDouble(this OrchestrationRegistry registry) =>
        registry.AddActivity<int, int>("double", (_, n, _) => Task.FromResult(2 * n));

    /// <summary>Adds an activity that fails so many times before it returns the number of the attempt.</summary>
    public static OrchestrationRegistry WithFailing(this OrchestrationRegistry registry, int times, Func<int, Exception>? error = null,
        List<DateTime>? attempts = null)
    {
        var count = 0;
        return registry.AddActivity<object?, int>("failing", (_, _, _) =>
        {
            lock (registry)
                attempts?.Add(DateTime.UtcNow);
            var attempt = Interlocked.Increment(ref count);
            return attempt <= times ? throw error?.Invoke(attempt) ?? new TimeoutException($"attempt {attempt}") : Task.FromResult(attempt);
        });
    }
}
