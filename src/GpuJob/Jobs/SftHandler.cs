using R1Cloud.GpuJob.Jobs.Sampling;
using R1Cloud.GpuJob.Jobs.Supervised;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs;

/// <summary>Fine-tunes a checkpoint on the rows of data stages and data sets (DeepSeek-R1 sections 2.3.1 and 2.3.3).</summary>
internal sealed class SftHandler(ResidentModels models) : IJobHandler<SftJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(SftJob payload, JobContext context)
    {
        var settings = payload.Settings;
        var data = DataMix.Mix(settings, await SupervisedData.ReadAsync(settings.Data, payload.Data, payload.Tasks, context), payload.Seed, payload.Stage);
        if (data.Count == 0) throw new BadInputException($"Job '{context.Spec.JobId}': {string.Join(", ", settings.Data)} have no rows to learn from in these proportions.");
        var rows = await EncodeAsync(payload, data, context);
        var steps = settings.Epochs * DataMix.StepsOf(rows.Count, settings.BatchSize);

        var outcome = await new SupervisedTraining<TrainingRow>(models, new()
        {
            Objective = new NextTokens(),
            Steps = steps,
            Batch = step => [.. DataMix.Batch(rows.Count, settings.BatchSize, step, payload.Seed, payload.Stage).Select(row => rows[row])],
            Begin = () => models.TrainableAsync(payload.From, settings.Optimizer, freshOptimizer: true, context),
            Optimizer = settings.Optimizer,
            SaveEvery = settings.SaveEvery,
            ReadEvery = 1,
            MicroBatchSize = settings.MicroBatchSize,
            Checkpoint = BlobLayout.CheckpointIn(payload.Checkpoints, steps),
            Parent = payload.From,
        }, context).RunAsync();
        return outcome with
        {
            Metrics = new Dictionary<string, double>(outcome.Metrics)
            {
                [MetricNames.Rows] = rows.Count,
                [MetricNames.Steps] = steps,
            },
        };
    }

    private async Task<IReadOnlyList<TrainingRow>> EncodeAsync(SftJob payload, IReadOnlyList<DataRow> data, JobContext context)
    {
        var policy = await models.PolicyAsync(payload.From, context);
        var rows = data.Select(row => new TrainingRow(policy.EncodePrompt(row.Prompt, payload.Settings.Prompt), [.. policy.Tokenizer.Encode(row.Completion), policy.Tokenizer.EosId])).ToList();
        var limit = policy.Model.Config.MaxPositions;
        return rows.FindIndex(row => row.Length > limit) is >= 0 and var tooLong
            ? throw new BadInputException($"Job '{context.Spec.JobId}': the row of prompt '{data[tooLong].Prompt}' has {rows[tooLong].Length} tokens; the model takes {limit} at most.")
            : rows;
    }
}
