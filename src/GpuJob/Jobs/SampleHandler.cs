using R1Cloud.GpuJob.Jobs.Sampling;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Rewards;
using R1Cloud.GpuJob.Rewards.Models;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.GpuJob.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs;

/// <summary>
/// Samples a shard of a data stage's questions and keeps what is worth learning from (DeepSeek-R1 sections 2.3.1 and 2.3.3). Questions and
/// noise derive from (seed, stage, question, sample), so the rows are the same however the stage is cut into shards.
/// </summary>
internal sealed class SampleHandler(ResidentModels models, Func<VerifierPool>? verifiers = null) : IJobHandler<SampleJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(SampleJob payload, JobContext context)
    {
        if (payload.Settings is not SampleStage settings)
            throw new BadInputException($"Job '{context.Spec.JobId}': settings are of {payload.Settings.GetType().Name}; allowed are {nameof(CollectStage)} and {nameof(RejectionSampleStage)}.");
        var task = await ProblemTasks.CreateAsync(payload.Task, context.Blobs, context.Preemption);
        var questions = Draw(payload, settings, task);
        var selection = new SampleSelection(settings);
        var scoring = new OverlappedScoring(new RewardSum(settings.Rewards), verifiers, ModelRewards.Create(settings.Rewards, models, context));

        IReadOnlyList<IReadOnlyList<SampledAnswer>> answers = [];
        if (questions.Count > 0)
        {
            var policy = await models.PolicyAsync(payload.Checkpoint, context);
            answers = await new ProblemSampler(policy, scoring, settings.Prompt, context).AskAsync(
                [.. questions.Select(question => question.Problem)], settings.Sampling, settings.Samples,
                (index, sample) => Seeds.Derive(payload.Seed, payload.Stage + "/sample", questions[index].Number, sample));
        }

        var verdicts = answers.Select(selection.Judge).ToList();
        var kept = answers.Zip(verdicts).Select(question => question.First.Zip(question.Second).Where(answer => answer.Second is null).Select(answer => answer.First).ToList()).ToList();
        var path = $"{payload.Output}.{context.Attempt}.jsonl";
        using (context.Time.Measure(TimePart.Storage)) await context.Blobs.WriteAsync(path, DataRow.ToJsonLines(kept.SelectMany(question => question).Select(DataRow.Create)));
        return new JobOutcome(new Dictionary<string, string> { ["data"] = path }, Metrics());

        Dictionary<string, double> Metrics()
        {
            var all = answers.SelectMany(question => question).ToList();
            var metrics = new Dictionary<string, double>
            {
                [MetricNames.Questions] = questions.Count,
                [MetricNames.QuestionsKept] = kept.Count(question => question.Count > 0),
                [MetricNames.QuestionsRepeated] = payload.QuestionCount - questions.Count,
                [MetricNames.Samples] = all.Count,
                [MetricNames.SamplesKept] = kept.Sum(question => question.Count),
                [MetricNames.Tokens] = all.Sum(answer => answer.Result.Tokens.Length),
            };
            if (all.Count > 0)
            {
                metrics[MetricNames.MeanLength] = all.Average(answer => answer.Result.Tokens.Length);
                metrics[MetricNames.ClippedRatio] = all.Count(answer => !answer.Finished) / (double)all.Count;
            }
            foreach (var reason in selection.Reasons) metrics[MetricNames.SamplesDropped + reason] = verdicts.Sum(question => question.Count(verdict => verdict == reason));
            return metrics;
        }
    }

    // The stage's draws up to the shard's last, so that a problem that an earlier shard has is known to be a repeated one.
    private static List<(int Number, Problem Problem)> Draw(SampleJob payload, SampleStage settings, IProblemTask task)
    {
        var (seen, questions) = (new HashSet<string>(StringComparer.Ordinal), new List<(int, Problem)>());
        for (var number = 0; number < payload.FirstQuestion + payload.QuestionCount; number++)
        {
            var problem = task.Training(new ProblemDraw(
                Seeds.Derive(payload.Seed, payload.Stage + "/question", number), Position: number, Progress: number / Math.Max(1.0, settings.Questions - 1)));
            if (task.IsHeldOut(problem)) throw new InvalidOperationException($"Problem {problem.Id} is held out and must not be trained on.");
            if (seen.Add(problem.Id) && number >= payload.FirstQuestion) questions.Add((number, problem));
        }
        return questions;
    }
}
