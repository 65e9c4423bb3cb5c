using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>How far a policy in memory is within an update that shards compute.</summary>
/// <param name="Plan">The update's plan.</param>
/// <param name="Taken">The gradients of the steps taken since the update's checkpoint, each step's in shard order.</param>
/// <param name="Sums">The steps' metrics, summed.</param>
/// <param name="Before">The digest of the weights before the first step.</param>
internal sealed record UpdateProgress(UpdatePlan Plan, IReadOnlyList<IReadOnlyList<string>> Taken, IReadOnlyDictionary<string, double> Sums,
    IReadOnlyList<double> Before) : IPolicyProgress
{
    /// <summary>Before the first step.</summary>
    public UpdateProgress(UpdatePlan plan, IReadOnlyList<double> before)
        : this(plan, [], new Dictionary<string, double>(), before)
    {
    }

    /// <summary>After one more step.</summary>
    /// <param name="gradients">Its gradients.</param>
    /// <param name="metrics">The metrics of each shard, in shard order.</param>
    /// <param name="gradNorm">The norm of the whole gradient before clipping.</param>
    public UpdateProgress After(IReadOnlyList<string> gradients, IEnumerable<IReadOnlyDictionary<string, double>> metrics, double gradNorm)
    {
        var sums = new Dictionary<string, double>(Sums);
        foreach (var (name, value) in metrics.SelectMany(shard => shard).Append(new(MetricNames.GradNorm, gradNorm)))
        {
            sums[name] = sums.GetValueOrDefault(name) + value;
        }
        return new UpdateProgress(Plan, [.. Taken, gradients], sums, Before);
    }
}
