using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Attempts;

/// <summary>Does the work of one kind of job.</summary>
/// <typeparam name="TPayload">The kind's payload.</typeparam>
internal interface IJobHandler<in TPayload>
    where TPayload : JobPayload
{
    /// <summary>Runs one attempt.</summary>
    /// <param name="payload">What to do.</param>
    /// <param name="context">The attempt's surroundings.</param>
    /// <returns>What the result blob will say.</returns>
    /// <exception cref="BadInputException">No further attempt can mend it.</exception>
    /// <exception cref="PreemptedException">It gave way to <see cref="JobContext.Preemption"/> after saving what it could.</exception>
    Task<JobOutcome> RunAsync(TPayload payload, JobContext context);
}

/// <summary>What a finished attempt has to say.</summary>
/// <param name="Outputs">Paths of the outputs by name.</param>
/// <param name="Metrics">Figures by the field's names.</param>
internal sealed record JobOutcome(IReadOnlyDictionary<string, string> Outputs, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>Neither outputs nor figures.</summary>
    public static JobOutcome Empty { get; } = new(new Dictionary<string, string>(), new Dictionary<string, double>());
}

/// <summary>The attempt gave way to a stop signal; whatever could be saved is saved.</summary>
internal sealed class PreemptedException() : OperationCanceledException("The job gave way to a stop signal.");
