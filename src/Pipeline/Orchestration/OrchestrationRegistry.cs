using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Orchestration;

/// <summary>An orchestrator: reads its input from the context, returns its output (null for none).</summary>
public delegate Task<object?> Orchestrator(IOrchestrationContext context);

/// <summary>An activity: runs at least once, may do I/O, takes and returns JSON.</summary>
public delegate Task<object?> Activity(IServiceProvider services, JsonElement input, CancellationToken cancellation);

/// <summary>The orchestrators and activities that a host can run, by name.</summary>
public sealed class OrchestrationRegistry
{
    private readonly Dictionary<string, Orchestrator> orchestrators = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Activity> activities = new(StringComparer.Ordinal);

    /// <summary>Names of all orchestrators.</summary>
    public IReadOnlyCollection<string> Orchestrators => orchestrators.Keys;

    /// <summary>Names of all activities.</summary>
    public IReadOnlyCollection<string> Activities => activities.Keys;

    /// <summary>Adds an orchestrator.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public OrchestrationRegistry AddOrchestrator<TInput, TOutput>(string name, Func<IOrchestrationContext, TInput, Task<TOutput>> run)
    {
        orchestrators.Add(name, async context => await run(context, context.GetInput<TInput>()!));
        return this;
    }

    /// <summary>Adds an activity.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public OrchestrationRegistry AddActivity<TInput, TOutput>(string name,
        Func<IServiceProvider, TInput, CancellationToken, Task<TOutput>> run)
    {
        activities.Add(name,
            async (services, input, cancellation) => await run(services, input.Deserialize<TInput>(R1Json.Options)!, cancellation));
        return this;
    }

    /// <summary>The orchestrator of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists those there are.</exception>
    public Orchestrator Orchestrator(string name) => Find(orchestrators, name, "orchestrator");

    /// <summary>The activity of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists those there are.</exception>
    public Activity Activity(string name) => Find(activities, name, "activity");

    private static T Find<T>(Dictionary<string, T> known, string name, string what) =>
        known.TryGetValue(name, out var found)
            ? found
            : throw new KeyNotFoundException(
                $"There is no {what} named '{name}'. Registered: {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}.");
}
