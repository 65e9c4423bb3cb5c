using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Pipeline.Upkeep;

namespace R1Cloud.Orchestrator.Functions;

/// <summary>Keeps workers in step with runs.</summary>
internal sealed class WorkerFunctions(WorkerKeeper keeper, DurableClientSource clients, TimeProvider clock)
{
    /// <summary>Looks after every run's workers. One instance of the app at a time does it: a timer trigger is a singleton.</summary>
    [Function("keep-workers")]
    public Task RunAsync([TimerTrigger("%R1_KEEP_WORKERS%")] TimerInfo timer, [DurableClient]
        DurableTaskClient client, CancellationToken cancellation)
    {
        clients.Set(client);
        return InvocationLimits.RunAsync(clock, "keep-workers", cancellation, keeper.KeepAsync);
    }
}
