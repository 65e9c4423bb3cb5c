using System.Diagnostics;
using R1Cloud.LocalHost.Engine;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.EngineHost;

/// <summary>How long trivial work takes.</summary>
internal static class EngineBench
{
    public static OrchestrationRegistry Registry() => new OrchestrationRegistry()
        .AddActivity<int, int>("same", (_, n, _) => Task.FromResult(n))
        .AddOrchestrator<int, int>("child", (_, n) => Task.FromResult(n))
        .AddOrchestrator<int, int>("activities", async (context, count) =>
            (await Task.WhenAll(Enumerable.Range(0, count).Select(n => context.CallActivityAsync<int>("same", n)))).Sum())
        .AddOrchestrator<int, int>("sub-orchestrations", async (context, count) =>
            (await Task.WhenAll(Enumerable.Range(0, count).Select(n => context.CallSubOrchestratorAsync<int>("child", n)))).Sum())
        .AddOrchestrator<int, int>("sequence", async (context, count) =>
        {
            var sum = 0;
            for (var n = 0; n < count; n++)
                sum += await context.CallActivityAsync<int>("same", n);
            return sum;
        });

    public static async Task RunAsync(EmbeddedEngine engine)
    {
        for (var round = 0; round < 3; round++)
        {
            foreach (var name in new[] { "activities", "sub-orchestrations", "sequence" })
            {
                var began = Stopwatch.GetTimestamp();
                await engine.ScheduleNewAsync(name, 500, $"{name}-{round}");
                var state = await engine.WaitForCompletionAsync($"{name}-{round}", CancellationToken.None);
                Console.WriteLine(
                    $"{{\"case\":\"{name}\",\"count\":500,\"round\":{round},\"ms\":{Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0},\"status\":\"{state.Status}\"}}");
            }
        }
    }
}
