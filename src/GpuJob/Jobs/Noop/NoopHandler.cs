using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Jobs.Noop;

/// <summary>Measures the road, and goes wrong on request so that recovery can be tested.</summary>
internal sealed class NoopHandler : IJobHandler<NoopJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(NoopJob payload, JobContext context)
    {
        if (context.AttemptNumber <= payload.FaultyAttempts)
        {
            switch (payload.Fault)
            {
                case "bad-input": throw new BadInputException("The job was told to have bad input.");
                case "retryable": throw new InvalidOperationException("The job was told to fail.");
                case "crash": Environment.FailFast("The job was told to crash."); break;
            }
        }

        try
        {
            if (payload.Milliseconds > 0) await Task.Delay(payload.Milliseconds, context.Preemption);
        }
        catch (OperationCanceledException)
        {
            throw new PreemptedException();
        }
        return JobOutcome.Empty;
    }
}
