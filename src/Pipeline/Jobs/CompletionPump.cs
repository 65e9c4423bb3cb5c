using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Options;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Jobs;

/// <summary>Polls the completions queue, for hosts without queue triggers.</summary>
/// <remarks>
/// The wait between two looks is a fiftieth of the time since the last message, within the options' bounds: short jobs are noticed at once,
/// long ones within 2 % of their duration, and an idle service stays quiet.
/// </remarks>
internal sealed partial class CompletionPump(
    JobQueues queues, JobCompletions completions, PipelineOptions options, TimeProvider clock, ILogger<CompletionPump> log)
        : BackgroundService
{
    private const int BatchSize = 32;
    private static readonly TimeSpan Visibility = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var last = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await PumpAsync(stoppingToken) > 0) last = clock.GetTimestamp();
                await Task.Delay(Wait(clock.GetElapsedTime(last)), clock, stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Completions wait on the queue until storage is back.
                LogFailed(e);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Handles the messages that are there now.</summary>
    /// <returns>How many there were.</returns>
    internal async Task<int> PumpAsync(CancellationToken cancellation)
    {
        var queue = await queues.GetAsync(BlobLayout.CompletionsQueue, cancellation);
        var messages = await queue.ReceiveAsync(BatchSize, Visibility, cancellation);
        await Task.WhenAll(messages.Select(async message =>
        {
            await completions.HandleAsync(message.Text, cancellation);
            await queue.DeleteAsync(message, cancellation);
        }));
        return messages.Count;
    }

    private TimeSpan Wait(TimeSpan sinceLast) =>
        TimeSpan.FromTicks(Math.Clamp(sinceLast.Ticks / 50, options.CompletionPollMin.Ticks, options.CompletionPollMax.Ticks));

    [LoggerMessage(EventId = 1102, Level = LogLevel.Warning, Message = "Could not read the completions queue; trying again")]
    private partial void LogFailed(Exception exception);
}
