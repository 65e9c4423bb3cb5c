using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.Functions;

/// <summary>Turns the workers' completion messages into external events.</summary>
internal sealed class CompletionFunctions(JobCompletions completions, DurableClientSource clients, TimeProvider clock)
{
    /// <summary>The settings of the queue's connection begin so.</summary>
    public const string Connection = "R1Queues";

    /// <summary>
    /// Handles one message. A failure puts it back; after host.json's maxDequeueCount it goes to the poison queue, and the durable timer of
    /// the waiting orchestration finds the result.
    /// </summary>
    [Function("complete-job")]
    public Task RunAsync(
        [QueueTrigger(BlobLayout.CompletionsQueue, Connection = Connection)] string message, [DurableClient]
            DurableTaskClient client, CancellationToken cancellation)
    {
        clients.Set(client);
        return InvocationLimits.RunAsync(clock, "complete-job", cancellation, token => completions.HandleAsync(message, token));
    }
}
