using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// Computes a shard's part of the gradient of one optimizer step: brings the policy to that step, adds up the gradient of the shard's rows
/// of the mini-batch and writes it down. The shards' parts sum to the gradient that one worker would compute.
/// </summary>
internal sealed class GradientHandler(ResidentModels models) : IJobHandler<GradientJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(GradientJob payload, JobContext context)
    {
        var input = UpdateInput.Of(payload);
        var policy = await SteppedPolicy.LoadAsync(models, input, payload.After, context);
        var frozen = await FrozenReplicas.LoadAsync(models, input, context);
        context.ThrowIfPreempted();

        var progress = (UpdateProgress)policy.Progress!;
        var metrics = new Dictionary<string, double> { [MetricNames.Steps] = progress.Plan.Steps.Count };
        // nothing is left to learn from
        if (progress.Plan.Steps.Count == 0) return new JobOutcome(new Dictionary<string, string>(), metrics);
        if (payload.Step != progress.Taken.Count || payload.Step >= progress.Plan.Steps.Count)
        {
            throw new BadInputException(
                $"Job '{context.Spec.JobId}': step {payload.Step} is asked for after {progress.Taken.Count} "
                + $"of {progress.Plan.Steps.Count} steps.");
        }

        try
        {
            var where = $"Iteration {payload.Iteration}, shard {payload.Shard}, ";
            using var gradient = new StepGradient(progress.Plan, payload.Settings, policy, frozen, where);
            using (context.Time.Measure(TimePart.Update))
            {
                policy.Optimizer!.ZeroGradients();
                gradient.Add(payload.Step, progress.Plan.Shard(payload.Step, payload.Shard));
                gradient.Watch.Check(where);
                RequireFinite(payload, policy.Model.Trainable);
            }
            using (context.Time.Measure(TimePart.Storage))
            {
                var path = await GradientFile.WriteAsync(payload.Output, policy.Model.Trainable,
                    new GradientNote(progress.Taken, gradient.ReadSums()), context);
                return new JobOutcome(new Dictionary<string, string> { ["gradient"] = path }, metrics);
            }
        }
        finally
        {
            policy.Optimizer!.ZeroGradients();
        }
    }

    private static void RequireFinite(GradientJob payload, IEnumerable<(string Name, TorchSharp.Modules.Parameter Tensor)> trained)
    {
        if (Finite.FindNot(trained.Where(parameter => parameter.Tensor.grad is not null)
            .Select(parameter => (parameter.Name, parameter.Tensor.grad!))) is { } broken)
            throw new NonFiniteException(
                $"Iteration {payload.Iteration}, shard {payload.Shard}, step {payload.Step + 1}: the gradient of {broken} is not finite.");
    }
}
