using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs;

/// <summary>
/// Updates the policy from an iteration's rollouts (GRPO, DeepSeek-R1 section 2.1): group-relative advantages, random mini-batches, one
/// optimizer step each, and the next checkpoint. Stateless between iterations but for the checkpoint: a repeated attempt gives the same bits.
/// </summary>
internal sealed class UpdateHandler(ResidentModels models) : IJobHandler<UpdateJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(UpdateJob payload, JobContext context)
    {
        var settings = payload.Settings;
        var loss = PolicyLossOptions.From(settings.Loss, settings.Sampling.MaxNewTokens);
        var rows = await RolloutsAsync(payload, context);
        var batch = UpdateBatch.Create(rows, settings);
        var reference = payload.Reference is null ? null : await models.ReferenceAsync(payload.Reference, context);
        var policy = await models.TrainableAsync(payload.Policy, settings.Optimizer, freshOptimizer: payload.Iteration == 0, context);
        if (reference is not null) reference.ComputeType = policy.Model.ComputeType;
        context.ThrowIfPreempted();

        var rate = LearningRates.At(settings.Optimizer, payload.Iteration + 1, settings.Iterations);
        Dictionary<string, double> metrics;
        policy.BeginChange(); // neither the old checkpoint nor the new one, until that is saved
        using (context.Time.Measure(TimePart.Update)) metrics = Train();
        await ResidentModels.SaveAsync(policy, payload.Checkpoint, payload.Stage, payload.Iteration + 1, parent: payload.Policy, context);
        return new JobOutcome(new Dictionary<string, string> { ["checkpoint"] = payload.Checkpoint }, metrics);

        Dictionary<string, double> Train()
        {
            using var sums = new MetricSums();
            var steps = 0;
            for (var epoch = 0; epoch < settings.Epochs; epoch++)
            {
                var order = Enumerable.Range(0, batch.Count).ToArray();
                new SeededRandom(Seeds.Derive(payload.Seed, payload.Stage + "/mini-batches", payload.Iteration, epoch)).Shuffle(order.AsSpan());
                foreach (var miniBatch in Split(order, settings.MiniBatches))
                {
                    Step(miniBatch, sums);
                    steps++;
                }
            }

            var figures = sums.Read().ToDictionary(sum => sum.Key == "ratio" ? MetricNames.RatioMean : sum.Key, sum => sum.Value / Math.Max(1, steps));
            if (figures.FirstOrDefault(figure => !double.IsFinite(figure.Value)) is { Key: not null } broken)
            {
                throw new InvalidOperationException($"Iteration {payload.Iteration}: {broken.Key} is {broken.Value}; the update is not saved.");
            }
            figures[MetricNames.LearningRate] = rate;
            figures[MetricNames.Tokens] = batch.Rows.Sum(row => row.Length) * (double)settings.Epochs;
            figures[MetricNames.Steps] = steps; // none where no reward differs: the policy stays as it is
            figures[MetricNames.Samples] = batch.Count;
            figures[MetricNames.SamplesUnjudged] = batch.Unjudged;
            return figures;
        }

        void Step(int[] miniBatch, MetricSums sums)
        {
            using var _ = TorchSharp.torch.NewDisposeScope();
            var (totalRows, totalTokens) = ((double)miniBatch.Length, (double)miniBatch.Sum(row => batch.Rows[row].Completion.Length));
            foreach (var part in MicroBatches(miniBatch))
            {
                using var inner = TorchSharp.torch.NewDisposeScope();
                using var tokens = TokenBatch.Create([.. part.Select(row => batch.Sequence(row))], policy.Model.Device);
                var scores = policy.Model.TokenLogProbs(tokens, settings.Sampling);
                var result = PolicyLosses.Compute(loss, new PolicyLossInput
                {
                    LogProbs = scores.LogProbs,
                    OldLogProbs = tokens.Lay([.. part.Select(row => batch.Rows[row].LogProbs)]),
                    ReferenceLogProbs = reference is null ? null : Score(reference, tokens),
                    Entropy = scores.Entropy,
                    Advantages = TorchSharp.torch.tensor(part.Select(row => batch.Advantages[row]).ToArray(), device: policy.Model.Device),
                    Mask = tokens.Mask,
                    TotalRows = totalRows,
                    TotalTokens = totalTokens,
                });
                result.Loss.backward();
                sums.Add(result.Metrics);
                sums.Add(MetricNames.Loss, result.Loss);
            }
            sums.Add(MetricNames.GradNorm, policy.Optimizer!.ClipGradients(settings.Optimizer.ClipNorm));
            policy.Optimizer.Step(rate);
            policy.Optimizer.ZeroGradients();
        }

        // Rows of about equal length share a pass, so little is computed on padding.
        IEnumerable<int[]> MicroBatches(int[] miniBatch) => settings.MicroBatchTokens > 0
            ? TokenBatch.Plan([.. miniBatch.Select(row => batch.Sequence(row).Ids.Length)], settings.MicroBatchTokens).Select(part => part.Select(i => miniBatch[i]).ToArray())
            : miniBatch.OrderByDescending(row => batch.Rows[row].Length).ThenBy(row => row).Chunk(settings.MicroBatchSize > 0 ? settings.MicroBatchSize : miniBatch.Length);

        TorchSharp.torch.Tensor Score(CausalLm model, TokenBatch tokens)
        {
            using var _ = TorchSharp.torch.no_grad();
            return model.TokenLogProbs(tokens, settings.Sampling).LogProbs;
        }
    }

    /// <summary>Cuts an order into parts that differ by one row at most.</summary>
    internal static IEnumerable<int[]> Split(int[] order, int parts)
    {
        parts = Math.Min(parts, order.Length);
        for (var part = 0; part < parts; part++)
        {
            yield return order[(int)((long)order.Length * part / parts)..(int)((long)order.Length * (part + 1) / parts)];
        }
    }

    private static async Task<List<RolloutRow>> RolloutsAsync(UpdateJob payload, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var files = payload.Rollouts.Select((path, index) => (Path: path, File: Path.Combine(context.ScratchFolder, $"rollout-{index}.safetensors"))).ToList();
        await Task.WhenAll(files.Select(async file =>
        {
            if (!await context.Blobs.TryDownloadAsync(file.Path, file.File, context.Preemption))
            {
                throw new BadInputException($"Job '{context.Spec.JobId}': there is no rollout '{file.Path}'.");
            }
        }));
        return [.. files.SelectMany(file => RolloutFile.Read(file.File))];
    }
}
