using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// A policy with its training state where that is stored every few iterations only. A worker without it begins at the last point
/// whose state is at hand and takes the updates since again, from the same rollouts: the same bits, as for whoever made them first.
/// </summary>
internal static partial class ReplayedPolicy
{
    /// <summary>The policy that an update starts from, to train.</summary>
    /// <param name="models">The worker's models.</param>
    /// <param name="job">The update.</param>
    /// <param name="context">The attempt.</param>
    /// <returns>The policy, how many updates were taken again, and whether that gave other weights than were committed.</returns>
    /// <exception cref="BadInputException">A rollout is missing.</exception>
    public static async Task<(Policy Policy, int Replayed, bool Differs)> LoadAsync(ResidentModels models, UpdateJob job,
        JobContext context)
    {
        var optimizer = job.Settings.Optimizer;
        if (await models.TryTrainableAsync(job.Policy, optimizer, context) is { } there) return (there, 0, false);

        var (policy, first) = await BeginAsync(models, job, context);
        for (var index = first; index < job.Since.Count; index++)
        {
            context.ThrowIfPreempted();
            var update = job.Since[index];
            var next = index + 1 < job.Since.Count ? job.Since[index + 1].Policy : job.Policy;
            LogReplaying(context.Log, context.Spec.JobId, update.Iteration, next);
            await TakeAsync(models, policy, UpdateInput.Of(job, update), context);
            policy.Is(next);
            policy.HoldsOnlyState = true;
            if (job.Settings.KeepsStateAt(update.Iteration + 1))
                await models.StoreStateAsync(policy, next, job.Stage, update.Iteration + 1, context);
        }
        var replayed = job.Since.Count - first;
        if (await IsAsync(policy, job, context)) return (policy, replayed, false);
        LogDiffers(context.Log, context.Spec.JobId, replayed, job.Policy);
        return (await models.WithWeightsOfAsync(job.Policy, policy, optimizer, context), replayed, true);
    }

    // The last point whose state is at hand, and the update that starts from it. The first of a stage has none: its state is made.
    private static async Task<(Policy Policy, int First)> BeginAsync(ResidentModels models, UpdateJob job, JobContext context)
    {
        var optimizer = job.Settings.Optimizer;
        for (var index = job.Since.Count - 1; index >= 0; index--)
        {
            var update = job.Since[index];
            var found = update.Iteration == 0
                ? await models.TrainableAsync(update.Policy, optimizer, freshOptimizer: true, context)
                : await models.TryTrainableAsync(update.Policy, optimizer, context);
            if (found is not null) return (found, index);
        }
        throw new CheckpointCorruptException(
            $"Neither checkpoint '{job.Policy}' nor any of the {job.Since.Count} before it that its job names has a training state.");
    }

    private static async Task TakeAsync(ResidentModels models, Policy policy, UpdateInput input, JobContext context)
    {
        var plan = await UpdatePlan.ReadAsync(input, models, context);
        PolicySteps.Take(policy, input, plan, await FrozenReplicas.LoadAsync(models, input, context), context);
    }

    // Whether the policy's weights are the committed ones, bit for bit.
    private static async Task<bool> IsAsync(Policy policy, UpdateJob job, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var manifest = await new CheckpointStore(context.Blobs).ReadAsync(job.Policy, context.Preemption);
        var folder = Directory.CreateDirectory(Path.Combine(context.ScratchFolder, "replayed")).FullName;
        CheckpointFiles.WriteModel(policy, folder, new TrainerState(job.Stage, job.Iteration, 0, job.Seed));
        foreach (var (name, file) in manifest.FilesOf(CheckpointPart.Model)
            .Where(file => file.Key.EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            await using var content = File.OpenRead(Path.Combine(folder, name));
            if (Convert.ToHexStringLower(await SHA256.HashDataAsync(content, context.Preemption)) != file.Sha256) return false;
        }
        return true;
    }

    [LoggerMessage(2402, LogLevel.Information, "{Job}: takes the update of iteration {Iteration} again, to {Checkpoint}")]
    private static partial void LogReplaying(ILogger log, string job, int iteration, string checkpoint);

    [LoggerMessage(2403, LogLevel.Warning,
        "{Job}: {Updates} updates that were taken again gave other weights than those of {Checkpoint}, which count; the optimizer goes on with its own moments. This machine does not compute as the one before")]
    private static partial void LogDiffers(ILogger log, string job, int updates, string checkpoint);
}
