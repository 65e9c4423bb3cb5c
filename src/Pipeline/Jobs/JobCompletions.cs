using System.Text.Json;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Jobs;

/// <summary>Turns completion messages into external events. A queue trigger or <see cref="CompletionPump"/> feeds it.</summary>
public sealed partial class JobCompletions(IOrchestrationClient client, ILogger<JobCompletions> log)
{
    /// <summary>
    /// Handles one message of the completions queue. A message that is no completion is logged and dropped: it can never become one.
    /// </summary>
    /// <param name="message">A <see cref="JobCompletion"/> as JSON.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task HandleAsync(string message, CancellationToken cancellation = default)
    {
        JobCompletion? completion;
        try
        {
            completion = JsonSerializer.Deserialize<JobCompletion>(message, R1Json.Options);
        }
        catch (JsonException e)
        {
            LogMalformed(e, message);
            return;
        }
        if (completion?.Notify is { } notify)
            await client.RaiseEventAsync(notify.InstanceId, notify.EventName, completion.Status, cancellation);
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Error, Message = "Dropped a completion message that is not valid: {Text}")]
    private partial void LogMalformed(Exception exception, string text);
}
