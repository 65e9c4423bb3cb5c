using System.Security.Cryptography;
using System.Text;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// Policies between two optimizer steps of an update that shards compute. Such a policy is its checkpoint and the gradients since: each
/// worker takes the steps itself, sums in shard order, and so has the same bits as any other, without a checkpoint in between.
/// </summary>
internal static class SteppedPolicy
{
    /// <summary>
    /// The policy after the step whose gradients are given; <see cref="Policy.Progress"/> says how it came there. What this worker holds
    /// already is the start; else it starts from the update's checkpoint and takes all steps.
    /// </summary>
    /// <param name="models">The worker's models.</param>
    /// <param name="input">The update.</param>
    /// <param name="gradients">The last step's gradients in shard order; empty before the first step.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="BadInputException">A gradient is missing, or is not what its name says.</exception>
    public static async Task<Policy> LoadAsync(ResidentModels models, UpdateInput input, IReadOnlyList<string> gradients,
        JobContext context)
    {
        if (Resident(gradients) is { } there) return there;
        if (gradients.Count == 0) return await BeginAsync();

        using var last = await GradientStep.DownloadAsync(gradients, context);
        var earlier = last.Earlier;
        var from = Enumerable.Range(0, earlier.Count + 1).Reverse().FirstOrDefault(count => Resident(Until(count)) is not null);
        var policy = Resident(Until(from)) ?? await BeginAsync();
        foreach (var paths in earlier.Skip(from))
        {
            context.ThrowIfPreempted();
            using var step = await GradientStep.DownloadAsync(paths, context);
            Take(policy, input, step, context);
        }
        Take(policy, input, last, context);
        return policy;

        IReadOnlyList<string> Until(int steps) => steps == 0 ? [] : earlier[steps - 1];

        Policy? Resident(IReadOnlyList<string> taken) =>
            models.Resident(NameOf(input.Policy, taken), input.Settings.Optimizer) is { Progress: UpdateProgress progress } found
                && progress.Plan.Is(input) ? found : null;

        async Task<Policy> BeginAsync()
        {
            var plan = await UpdatePlan.ReadAsync(input, models, context);
            var begun = await models.TrainableAsync(input.Policy, input.Settings.Optimizer, freshOptimizer: input.Iteration == 0, context);
            using (context.Time.Measure(TimePart.Update)) plan.Old = OldPolicy.Of(plan, input, begun.Model);
            begun.Is(input.Policy, new UpdateProgress(plan, StepEffects.DigestOf(begun.Model.Trainable)));
            return begun;
        }
    }

    private static void Take(Policy policy, UpdateInput input, GradientStep step, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Update);
        using var scope = NewDisposeScope();
        var progress = (UpdateProgress)policy.Progress!;
        policy.BeginChange();
        step.SumInto(policy);
        using var watch = new FiniteWatch();
        var norm = policy.Optimizer!.ClipAndStep(
            input.LearningRate, input.Settings.Optimizer.ClipNorm, watch, progress.Taken.Count);
        watch.Check($"Iteration {input.Iteration}, ");
        policy.Is(NameOf(input.Policy, step.Paths), progress.After(step.Paths, step.Metrics, norm.item<float>()));
    }

    // The name of a policy after a step. The gradients' names stand for all before them.
    private static string NameOf(string checkpoint, IReadOnlyList<string> gradients) => gradients.Count == 0
        ? checkpoint
        : $"{checkpoint}+{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', gradients))))}";
}
