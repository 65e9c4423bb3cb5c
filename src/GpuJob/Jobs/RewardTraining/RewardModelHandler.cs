using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.RewardModels;
using R1Cloud.GpuJob.Supervised;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.GpuJob.Jobs.RewardTraining;

/// <summary>
/// Trains a reward model (DeepSeek-R1, supplement: pairwise for helpfulness, pointwise for safety) and measures it on held-out rows.
/// </summary>
internal sealed class RewardModelHandler(ResidentModels models) : IJobHandler<RewardModelJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(RewardModelJob payload, JobContext context)
    {
        var settings = payload.Settings;
        var task = await ProblemTasks.CreateAsync(payload.Task, context.Blobs, context.Hub, context.Preemption);
        var from = await models.ToTrainAsync(payload.From, settings.Optimizer, context);
        task = await FittingTasks.OfAsync(task, RowUse.Scored(settings), () => Task.FromResult(from), context);
        var rows = new RewardRows(payload, task,
            new ResponseReader(settings.Prompt, settings.ScoredPart(), from.Tokenizer, payload.TemplateDate),
            from.Model.Config.MaxPositions);
        if (settings.Objective == RewardObjective.Pairwise)
        {
            var (training, heldOut) = rows.Pairs();
            return await TrainAsync(payload, new PairObjective(), training, model => HeldOutFigures.Of(model, heldOut), context);
        }
        else
        {
            var (training, heldOut) = rows.Labels();
            return await TrainAsync(payload, new LabelObjective(), training, model => HeldOutFigures.Of(model, heldOut), context);
        }
    }

    private async Task<JobOutcome> TrainAsync<TRow>(RewardModelJob payload, ISupervisedObjective<TRow> objective, IReadOnlyList<TRow> rows,
        Func<CausalLm, HeldOutFigures> measure, JobContext context)
    {
        var settings = payload.Settings;
        var outcome = await new SupervisedTraining<TRow>(models, new()
        {
            Objective = objective,
            Steps = settings.Steps(),
            Batch = step => [.. DataMix.Batch(rows.Count, settings.BatchSize, step, payload.Seed, payload.Stage).Select(row => rows[row])],
            Begin = () =>
                models.FreshRewardModelAsync(payload.From, Seeds.Derive(payload.Seed, payload.Stage + "/head"), settings.Optimizer,
                    context),
            Optimizer = settings.Optimizer,
            SaveEvery = settings.SaveEvery,
            ReadEvery = 1,
            MicroBatchSize = settings.MicroBatchSize,
            Checkpoint = payload.Checkpoint,
            Parent = payload.From,
            Finish = Finish,
        }, context).RunAsync();
        return outcome with
        {
            Metrics = new Dictionary<string, double>(outcome.Metrics)
            {
                [MetricNames.Rows] = rows.Count,
                [MetricNames.Steps] = settings.Steps(),
            },
        };

        IReadOnlyDictionary<string, double> Finish(Policy trained)
        {
            using var _ = context.Time.Measure(TimePart.Update);
            var figures = measure(trained.Model);
            trained.RewardModel = new()
            {
                Objective = settings.Objective, Scores = settings.ScoredPart(), Prompt = settings.Prompt,
                    TemplateDate = payload.TemplateDate, Mean = figures.Mean, Std = figures.Std, Min = figures.Scores.Min(),
            };
            return figures.Metrics;
        }
    }
}
