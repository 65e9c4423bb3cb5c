using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Supervised;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.SupervisedTuning;

/// <summary>Fine-tunes a checkpoint on the rows of data stages and data sets (DeepSeek-R1 sections 2.3.1 and 2.3.3).</summary>
internal sealed class SftHandler(ResidentModels models) : IJobHandler<SftJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(SftJob payload, JobContext context)
    {
        var settings = payload.Settings;
        var data = DataMix.Mix(settings, await SupervisedData.ReadAsync(settings.Data, payload.Data, payload.Tasks, context), payload.Seed,
            payload.Stage);
        if (data.Count == 0)
            throw new BadInputException(
                $"Job '{context.Spec.JobId}': {string.Join(", ", settings.Data)} have no rows to learn from in these proportions.");
        var rows = await EncodeAsync(payload, data, context);
        if (rows.Count == 0)
            throw new BadInputException(
                $"Job '{context.Spec.JobId}': not one of the {data.Count} rows of {string.Join(", ", settings.Data)} fits into the model.");
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
                [MetricNames.RowsLeftOut] = data.Count - rows.Count,
                [MetricNames.Steps] = steps,
            },
        };
    }

    private async Task<IReadOnlyList<TrainingRow>> EncodeAsync(SftJob payload, IReadOnlyList<CompletionRow> data, JobContext context)
    {
        var policy = await models.ToTrainAsync(payload.From, payload.Settings.Optimizer, context);
        var rows = data.Select(row =>
        {
            var prompt = policy.EncodePrompt(new(row.Prompt, row.Messages, row.Tools), payload.Settings.Prompt, payload.TemplateDate);
            return new TrainingRow(prompt.Ids, policy.Tokenizer.EncodeCompletion(prompt.Rest(row.Completion)));
        }).ToList();
        var limit = policy.Model.Config.MaxPositions;
        if (payload.Settings.Prompt.TooLong == LongRows.LeaveOut) return [.. rows.Where(row => row.Length <= limit)];
        return rows.FindIndex(row => row.Length > limit) is >= 0 and var tooLong
            ? throw new BadInputException(
                $"Job '{context.Spec.JobId}': the row of prompt '{data[tooLong].Prompt}' has {rows[tooLong].Length} tokens; the model "
                + $"takes {limit} at most.")
            : rows;
    }
}
