using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

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
        var (policy, plan, sums, before, replay) = payload.Gradients is null
            ? await TrainAsync(payload, context) : await TakeStepsAsync(payload, payload.Gradients, context);
        var figures =
            Figures(payload, plan, sums, StepEffects.Without(before, StepEffects.DigestOf(policy.Model.Trainable), plan.Steps.Count));
        var advantages = await AdvantageFile.WriteAsync(plan.Batch, payload.Rollouts[0], context);
        foreach (var (name, value) in replay) figures[name] = value;
        var step = payload.Iteration + 1;
        if (payload.Settings.KeepStateEvery == 1)
            await ResidentModels.SaveAsync(policy, payload.Checkpoint, payload.Stage, step, parent: payload.Policy, context);
        else
            await models.SaveApartAsync(policy, payload.Checkpoint, payload.Stage, step, payload.Policy, Due(payload, step), context);
        var outputs = new Dictionary<string, string> { ["checkpoint"] = payload.Checkpoint, [SampleAdvantage.Output] = advantages };
        if (await IterationTrace.WriteAsync(payload, plan.Batch, context) is { } trace) outputs["trace"] = trace;
        if (payload.Pool is { } pool) outputs[DifficultyPool.Output] = await WritePoolAsync(pool, context);
        return new JobOutcome(outputs, figures);
    }

    private static async Task<string> WritePoolAsync(PoolUpdate update, JobContext context)
    {
        var known = (await DifficultyPool.ReadAsync(update.Before, context)).Problems.ToList();
        foreach (var asked in update.Asked) known.AddRange(await DifficultyPool.ReadLinesAsync(asked, context));
        using var _ = context.Time.Measure(TimePart.Storage);
        var path = $"{update.Output}.{context.Attempt}.jsonl";
        await context.Blobs.WriteAsync(path, JsonLines.Write(new DifficultyPool(known).Problems), context.Preemption);
        return path;
    }

    // Whether the training state of the next checkpoint is stored apart from it.
    private static StateDue? Due(UpdateJob payload, int step) => payload.Settings.KeepsStateAt(step)
        ? new StateDue(payload.Since.FirstOrDefault(update => update.Iteration == step - payload.Settings.KeepStateEvery
            && update.Iteration > 0)?.Policy)
        : null;

    // All steps here.
    private async Task<Steps> TrainAsync(UpdateJob payload, JobContext context)
    {
        var input = UpdateInput.Of(payload);
        var plan = await UpdatePlan.ReadAsync(input, models, context);
        var (policy, replayed, differs) = payload.Since.Count > 0
            ? await ReplayedPolicy.LoadAsync(models, payload, context)
            : (await models.TrainableAsync(payload.Policy, input.Settings.Optimizer, freshOptimizer: payload.Iteration == 0, context),
                0, false);
        var frozen = await FrozenReplicas.LoadAsync(models, input, context);
        context.ThrowIfPreempted();

        var before = StepEffects.DigestOf(policy.Model.Trainable);
        var sums = PolicySteps.Take(policy, input, plan, frozen, context);
        var replay = new Dictionary<string, double>();
        if (input.Settings.KeepStateEvery > 1) replay[MetricNames.UpdatesReplayed] = replayed;
        if (differs) replay[MetricNames.ReplayDiffers] = 1;
        return new(policy, plan, sums, before, replay);
    }

    // The steps whose gradients shards have computed.
    private async Task<Steps> TakeStepsAsync(UpdateJob payload, IReadOnlyList<string> gradients, JobContext context)
    {
        var policy = await SteppedPolicy.LoadAsync(models, UpdateInput.Of(payload), gradients, context);
        var progress = (UpdateProgress)policy.Progress!;
        if (progress.Taken.Count != progress.Plan.Steps.Count)
        {
            throw new BadInputException(
                $"Job '{context.Spec.JobId}': there are gradients of {progress.Taken.Count} steps; the update "
                + $"has {progress.Plan.Steps.Count}.");
        }
        return new(policy, progress.Plan, progress.Sums, progress.Before, new Dictionary<string, double>());
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
        foreach (var (name, value) in plan.Old?.Metrics ?? new Dictionary<string, double>()) figures[name] = value;
        var rate = UpdateInput.Of(payload).LearningRate;
        figures[MetricNames.LearningRate] = rate;
        figures[MetricNames.Tokens] = plan.Tokens;
        figures[MetricNames.Steps] = plan.Steps.Count; // none where no reward differs: the policy stays as it is
        figures[MetricNames.StepsWithoutEffect] = withoutEffect;
        StepEffects.Require($"Stage '{payload.Stage}', iteration {payload.Iteration}", withoutEffect, plan.Steps.Count, rate,
            figures.GetValueOrDefault(MetricNames.GradNorm));
        figures[MetricNames.Samples] = plan.Batch.Count;
        figures[MetricNames.SamplesUnjudged] = plan.Batch.Unjudged;
        return figures;
    }

    // The policy after the steps, and what is said of them.
    private sealed record Steps(Policy Policy, UpdatePlan Plan, IReadOnlyDictionary<string, double> Sums, IReadOnlyList<double> Before,
        IReadOnlyDictionary<string, double> Replay);
}
