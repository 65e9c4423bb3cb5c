using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// Updates the policy from an iteration's rollouts (GRPO, DeepSeek-R1 section 2.1): group-relative advantages, random mini-batches, one
/// optimizer step each, and the next checkpoint. Stateless between iterations but for the checkpoint: a repeated attempt gives the same
/// bits.
/// </summary>
internal sealed class UpdateHandler(ResidentModels models) : IJobHandler<UpdateJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(UpdateJob payload, JobContext context)
    {
        var (policy, plan, sums, before) = payload.Gradients is null
            ? await TrainAsync(payload, context) : await TakeStepsAsync(payload, payload.Gradients, context);
        var figures =
            Figures(payload, plan, sums, StepEffects.Without(before, StepEffects.DigestOf(policy.Model.Trainable), plan.Steps.Count));
        await ResidentModels.SaveAsync(policy, payload.Checkpoint, payload.Stage, payload.Iteration + 1, parent: payload.Policy, context);
        return new JobOutcome(new Dictionary<string, string> { ["checkpoint"] = payload.Checkpoint }, figures);
    }

    /// <summary>All steps here.</summary>
    private async Task<(Policy Policy, UpdatePlan Plan, IReadOnlyDictionary<string, double> Sums,
        IReadOnlyList<double> Before)> TrainAsync(UpdateJob payload, JobContext context)
    {
        var (input, settings) = (UpdateInput.Of(payload), payload.Settings);
        var plan = await UpdatePlan.ReadAsync(input, context);
        var reference = payload.Reference is null ? null : await models.ReferenceAsync(payload.Reference, context);
        var policy = await models.TrainableAsync(payload.Policy, settings.Optimizer, freshOptimizer: payload.Iteration == 0, context);
        if (reference is not null) reference.ComputeType = policy.Model.ComputeType;
        context.ThrowIfPreempted();

        policy.BeginChange(); // neither the old checkpoint nor the new one, until that is saved
        using var _ = context.Time.Measure(TimePart.Update);
        var before = StepEffects.DigestOf(policy.Model.Trainable);
        using var sums = new MetricSums();
        using var watch = new FiniteWatch();
        var gradient = new PolicyGradient(plan, settings, policy.Model, reference);
        for (var step = 0; step < plan.Steps.Count; step++)
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            gradient.Add(step, plan.Steps[step], sums, watch);
            sums.Add(MetricNames.GradNorm, policy.Optimizer!.ClipGradients(settings.Optimizer.ClipNorm, watch, step));
            policy.Optimizer.Step(Rate(payload));
            policy.Optimizer.ZeroGradients();
        }
        watch.Check($"Iteration {payload.Iteration}, ");
        return (policy, plan, sums.Read(), before);
    }

    /// <summary>The steps whose gradients shards have computed.</summary>
    private async Task<(Policy Policy, UpdatePlan Plan, IReadOnlyDictionary<string, double> Sums,
        IReadOnlyList<double> Before)> TakeStepsAsync(
        UpdateJob payload, IReadOnlyList<string> gradients, JobContext context)
    {
        var policy = await SteppedPolicy.LoadAsync(models, UpdateInput.Of(payload), gradients, context);
        var progress = (UpdateProgress)policy.Progress!;
        if (progress.Taken.Count != progress.Plan.Steps.Count)
        {
            throw new BadInputException(
                $"Job '{context.Spec.JobId}': there are gradients of {progress.Taken.Count} steps; the update "
                + $"has {progress.Plan.Steps.Count}.");
        }
        return (policy, progress.Plan, progress.Sums, progress.Before);
    }

    private static Dictionary<string, double> Figures(UpdateJob payload, UpdatePlan plan, IReadOnlyDictionary<string, double> sums,
        int withoutEffect)
    {
        var figures =
            sums.ToDictionary(sum => sum.Key == "ratio" ? MetricNames.RatioMean : sum.Key,
                sum => sum.Value / Math.Max(1, plan.Steps.Count));
        if (figures.FirstOrDefault(figure => !double.IsFinite(figure.Value)) is { Key: not null } broken)
        {
            throw new NonFiniteException($"Iteration {payload.Iteration}: {broken.Key} is {broken.Value}; the update is not saved.");
        }
        figures[MetricNames.LearningRate] = Rate(payload);
        figures[MetricNames.Tokens] = plan.Tokens;
        figures[MetricNames.Steps] = plan.Steps.Count; // none where no reward differs: the policy stays as it is
        figures[MetricNames.StepsWithoutEffect] = withoutEffect;
        StepEffects.Require($"Stage '{payload.Stage}', iteration {payload.Iteration}", withoutEffect, plan.Steps.Count, Rate(payload),
            figures.GetValueOrDefault(MetricNames.GradNorm));
        figures[MetricNames.Samples] = plan.Batch.Count;
        figures[MetricNames.SamplesUnjudged] = plan.Batch.Unjudged;
        return figures;
    }

    private static double Rate(UpdateJob payload) =>
        LearningRates.At(payload.Settings.Optimizer, payload.Iteration + 1, payload.Settings.Iterations);
}
