using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// A job's part of the gradient of each step, as the sum of its replicas' parts: the worker's devices compute as many at once as they are,
/// and the parts are added up in their order. So the bits are the same on any number of devices, and those of shards in jobs of their own.
/// </summary>
internal sealed class StepGradient : IDisposable
{
    private readonly UpdatePlan plan;
    private readonly RlStage settings;
    private readonly Policy policy;
    private readonly FrozenReplicas frozen;
    private readonly string where;
    private readonly (MetricSums Sums, FiniteWatch Watch)[] parts;
    private IReadOnlyList<PolicyGradient>? gradients; // a device each

    /// <summary>Begins.</summary>
    /// <param name="plan">The rows.</param>
    /// <param name="settings">The stage.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="frozen">What it is held against.</param>
    /// <param name="where">What the steps are of, with a separator behind it: begins the message of a number that is none.</param>
    public StepGradient(UpdatePlan plan, RlStage settings, Policy policy, FrozenReplicas frozen, string where)
    {
        (this.plan, this.settings, this.policy, this.frozen, this.where) = (plan, settings, policy, frozen, where);
        parts = [.. Enumerable.Range(0, settings.UpdateReplicas).Select(_ => (new MetricSums(), new FiniteWatch()))];
    }

    /// <summary>Metrics of the first part; others of a step go here as well.</summary>
    public MetricSums Sums => parts[0].Sums;

    /// <summary>What must be finite of the first part; others of a step go here as well.</summary>
    public FiniteWatch Watch => parts[0].Watch;

    /// <summary>Leaves the gradient of a step's rows in the policy's parameters.</summary>
    /// <param name="step">The step: its mini-batch is what losses are averaged over.</param>
    /// <param name="rows">Rows of that mini-batch.</param>
    /// <exception cref="Shared.NonFiniteException">A number of a replica is none.</exception>
    public void Add(int step, int[] rows)
    {
        var shares = plan.Parts(rows);
        var models = policy.Replicas.Take(shares.Count);
        gradients ??= [.. models.Zip(frozen.Take(models.Count),
            (model, against) => new PolicyGradient(plan, settings, model, against))];
        if (shares is [var all])
        {
            gradients[0].Add(step, all, Sums, Watch);
            return;
        }
        using var sum = new GradientSum();
        for (var first = 0; first < shares.Count; first += models.Count)
        {
            var (begin, count) = (first, Math.Min(models.Count, shares.Count - first));
            policy.Replicas.Group.Run(count, place =>
            {
                var (sums, watch) = parts[begin + place];
                gradients[place].Add(step, shares[begin + place], sums, watch);
            });
            for (var place = 0; place < count; place++) sum.Take(models[place].Trainable, policy.Model.Trainable);
        }
        sum.GiveTo(policy.Model.Trainable);
        foreach (var (_, watch) in parts) watch.Check(where);
    }

    /// <summary>The metrics' sums over the steps so far, the parts' in their order.</summary>
    public IReadOnlyDictionary<string, double> ReadSums()
    {
        var read = new Dictionary<string, double>();
        foreach (var (name, value) in parts.SelectMany(part => part.Sums.Read())) read[name] = read.GetValueOrDefault(name) + value;
        return read;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (sums, watch) in parts)
        {
            sums.Dispose();
            watch.Dispose();
        }
    }
}
