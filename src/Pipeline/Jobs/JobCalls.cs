using System.Text.Json;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Jobs;

/// <summary>Runs jobs from inside an orchestrator.</summary>
/// <param name="checkInterval">How long to wait for a completion before looking for the result.</param>
internal sealed class JobCalls(TimeSpan checkInterval)
{
    /// <summary>How storage activities are called: again and again while storage is away, but never against a verdict.</summary>
    /// <param name="jobs">How long storage is waited for; the default before the recipe is known.</param>
    public static TaskOptions Storage(JobsRecipe? jobs = null) => new(new RetryPolicy
    {
        MaxAttempts = 8,
        Waited = [nameof(StorageAwayException)],
        Patience = TimeSpan.FromSeconds((jobs ?? new()).StorageWaitSeconds),
        NonRetryable =
        [
            nameof(JobFailedException), nameof(JobConflictException), nameof(BadInputException),
            nameof(JsonException), nameof(NotSupportedException), nameof(KeyNotFoundException),
        ],
    });

    /// <summary>The event that announces a job.</summary>
    public static string EventName(string jobId) => $"job:{jobId}";

    /// <summary>Submits a job, waits until it is finished and returns its result.</summary>
    /// <remarks>The completion message is the fast way; a durable timer finds the result when the message is lost.</remarks>
    /// <exception cref="TaskFailedException">The job failed (a <see cref="JobFailedException"/> is the cause) or its id belongs to
    /// another.</exception>
    public Task<JobResult> RunAsync(IOrchestrationContext context, JobSpec spec) => RunAsync(context, spec, JobActivities.Submit);

    /// <summary>The same for a job whose files are needed: when they are gone it is done again.</summary>
    /// <exception cref="TaskFailedException">As of <see cref="RunAsync(IOrchestrationContext, JobSpec)"/>.</exception>
    public Task<JobResult> RestoreAsync(IOrchestrationContext context, JobSpec spec) => RunAsync(context, spec, JobActivities.Restore);

    private async Task<JobResult> RunAsync(IOrchestrationContext context, JobSpec spec, string order)
    {
        spec = spec with { Notify = new(context.InstanceId, EventName(spec.JobId)) };
        var submission = await context.CallActivityAsync<JobSubmission>(order, spec, Storage(spec.Retry));
        if (submission.Result is { } done) return done;

        var job = new JobRef(spec.RunId, spec.JobId, submission.Message);
        await CompletionAsync(context, job, spec.Retry);
        return await context.CallActivityAsync<JobResult>(JobActivities.Read, job, Storage(spec.Retry));
    }

    private async Task CompletionAsync(IOrchestrationContext context, JobRef job, JobsRecipe retry)
    {
        using var waiting = new CancellationTokenSource();
        var completion = context.WaitForExternalEvent<JobStatus>(EventName(job.JobId), waiting.Token);
        while (true)
        {
            using var alarm = new CancellationTokenSource();
            var timer = context.CreateTimer(Instants.After(context.CurrentUtcDateTime, checkInterval), alarm.Token);
            if (await Task.WhenAny(completion, timer) == completion)
            {
                Stop(alarm);
                return;
            }
            if (await context.CallActivityAsync<bool>(JobActivities.Check, job, Storage(retry)))
            {
                Stop(waiting);
                return;
            }
        }
    }

    // At once: an orchestration's code stays on the thread that replays it.
    private static void Stop(CancellationTokenSource source) => source.Cancel();
}
