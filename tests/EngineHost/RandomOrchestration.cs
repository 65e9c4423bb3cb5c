using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.EngineHost;

/// <summary>An orchestration drawn from a seed. Its output depends on the seed alone, however often its host dies.</summary>
public static class RandomOrchestration
{
    public const string Name = "random";

    /// <param name="Seed">What it does.</param>
    /// <param name="Rounds">Executions after this one.</param>
    /// <param name="Depth">Levels of sub-orchestrations below it.</param>
    /// <param name="Trace">What the executions before did.</param>
    public sealed record Plan(int Seed, int Rounds, int Depth, string Trace = "");

    /// <summary>The code; its activities append their label to a file before they return it.</summary>
    public static OrchestrationRegistry Registry(string logPath)
    {
        var gate = new Lock();
        return new OrchestrationRegistry()
            .AddOrchestrator<Plan, string>(Name, RunAsync)
            .AddActivity<string, string>("append", async (_, label, stop) =>
            {
                await Task.Delay(label.Length % 7, stop);
                lock (gate)
                    File.AppendAllText(logPath, label + "\n");
                await Task.Delay(label.Length % 5, stop);
                return label;
            })
            .AddActivity<string, string>("refuse", (_, label, _) => throw new InvalidDataException(label));
    }

    private static async Task<string> RunAsync(IOrchestrationContext context, Plan plan)
    {
        var random = new Random(plan.Seed);
        var trace = plan.Trace;
        for (var step = 0; step < 8; step++)
        {
            var label = $"{context.InstanceId}/{plan.Rounds}.{step}";
            trace += " " + (random.Next(7) switch
            {
                0 => await context.CallActivityAsync<string>("append", label),
                1 => string.Join(",",
                    await Task.WhenAll(Enumerable.Range(0, 2 + random.Next(5))
                        .Select(n => context.CallActivityAsync<string>("append", $"{label}.{n}")))),
                2 when plan.Depth > 0 =>
                    await context.CallSubOrchestratorAsync<string>(Name, new Plan(random.Next(), random.Next(2), plan.Depth - 1)),
                3 => await SleepAsync(context, random.Next(20)),
                4 => await RefusedAsync(context, label),
                5 => await RaceAsync(context, label),
                _ => await TellSelfAsync(context, label),
            });
        }
        if (plan.Rounds > 0)
            context.ContinueAsNew(plan with { Seed = random.Next(), Rounds = plan.Rounds - 1, Trace = trace });
        return trace;
    }

    private static async Task<string> SleepAsync(IOrchestrationContext context, int milliseconds)
    {
        await context.CreateTimer(context.CurrentUtcDateTime.AddMilliseconds(milliseconds), CancellationToken.None);
        return $"slept {milliseconds}";
    }

    private static async Task<string> RefusedAsync(IOrchestrationContext context, string label)
    {
        try
        {
            var policy = new RetryPolicy { MaxAttempts = 2, FirstInterval = TimeSpan.FromMilliseconds(5) };
            return await context.CallActivityAsync<string>("refuse", label, new TaskOptions(policy));
        }
        catch (TaskFailedException failed)
        {
            return $"{failed.Details.ErrorType} {failed.Details.ErrorMessage}";
        }
    }

    private static async Task<string> RaceAsync(IOrchestrationContext context, string label)
    {
        using var stop = new CancellationTokenSource();
        var work = context.CallActivityAsync<string>("append", label);
        var first = await Task.WhenAny(work, context.CreateTimer(context.CurrentUtcDateTime.AddHours(1), stop.Token));
        stop.Cancel(); // Not CancelAsync: that runs on the thread pool.
        return first == work ? await work : "time out";
    }

    private static async Task<string> TellSelfAsync(IOrchestrationContext context, string label)
    {
        context.SendEvent(context.InstanceId, "told", $"{label} {context.NewGuid()}");
        return await context.WaitForExternalEvent<string>("TOLD");
    }
}
