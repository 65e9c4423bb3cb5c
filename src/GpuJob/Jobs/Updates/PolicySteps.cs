using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>All optimizer steps of an update, one after the other.</summary>
internal static class PolicySteps
{
    /// <summary>Takes them. Afterwards the policy belongs to no checkpoint yet.</summary>
    /// <returns>The metrics' sums over the steps.</returns>
    public static IReadOnlyDictionary<string, double> Take(Policy policy, UpdateInput input, UpdatePlan plan, FrozenReplicas frozen,
        JobContext context)
    {
        policy.BeginChange(); // neither the old checkpoint nor the new one, until that is saved
        using var _ = context.Time.Measure(TimePart.Update);
        plan.Old = OldPolicy.Of(plan, input, policy.Model);
        var where = $"Iteration {input.Iteration}, ";
        using var gradient = new StepGradient(plan, input.Settings, policy, frozen, where);
        for (var step = 0; step < plan.Steps.Count; step++)
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            gradient.Add(step, plan.Steps[step]);
            gradient.Sums.Add(MetricNames.GradNorm,
                policy.Optimizer!.ClipAndStep(input.LearningRate, input.Settings.Optimizer.ClipNorm, gradient.Watch, step));
            policy.Replicas.Changed(trainedOnly: true);
        }
        gradient.Watch.Check(where);
        return gradient.ReadSums();
    }
}
