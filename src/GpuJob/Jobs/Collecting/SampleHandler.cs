using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Rewriting;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Judging;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Collecting;

/// <summary>
/// Samples a shard of a data stage's questions and keeps what is worth learning from (DeepSeek-R1 sections 2.3.1 and 2.3.3). Questions and
/// noise derive from (seed, stage, question, sample), so the rows are the same however the stage is cut into shards.
/// </summary>
internal sealed class SampleHandler(ResidentModels models, Func<VerifierPool>? verifiers = null) : IJobHandler<SampleJob>
{
    private const string NoRoom = "no-room";

    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(SampleJob payload, JobContext context)
    {
        if (payload.Settings is not SampleStage settings)
            throw new BadInputException(
                $"Job '{context.Spec.JobId}': settings are of {payload.Settings.GetType().Name}; allowed are {nameof(CollectStage)} "
                + $"and {nameof(RejectionSampleStage)}.");
        var use = RowUse.Asked(settings.Task, settings.Prompt, settings.Sampling.MaxNewTokens);
        var task = await FittingTasks.OfAsync(await ProblemTasks.CreateAsync(payload.Task, context.Blobs, context.Hub,
            context.Preemption), use,
            () => models.PolicyAsync(payload.Checkpoint, context), context);
        var questions = Draw(payload, settings, task);
        var selection = new SampleSelection(settings);
        var scoring = new OverlappedScoring(new RewardSum(settings.Rewards), verifiers,
            ModelRewards.Create(settings.Rewards, models, context));

        IReadOnlyList<IReadOnlyList<SampledAnswer>> answers = [];
        ProblemSampler? sampler = null;
        if (questions.Count > 0)
        {
            sampler = new ProblemSampler(await models.PolicyAsync(payload.Checkpoint, context), scoring, settings.Prompt, context);
            answers = await sampler.AskAsync(
                [.. questions.Select(question => question.Problem)], settings.Sampling, settings.Samples,
                (index, sample) => Seeds.Derive(payload.Seed, payload.Stage + "/sample", questions[index].Number, sample));
        }

        var verdicts = answers.Select(selection.Judge).ToList();
        IReadOnlyList<IReadOnlyList<Draft>> good = [.. answers.Select((question, index) => question
            .Select((answer, sample) => new Draft(questions[index].Number, sample, answer))
                .Where((_, sample) => verdicts[index][sample] is null).ToList())];
        var (kept, dropped, written) = settings is CollectStage { Rewrite: { } rewrite }
            ? await RewriteAsync(good, selection, sampler is null ? null : Rewriters.Create(rewrite, new(payload, sampler, async prompt =>
                new ProblemSampler(await models.PolicyAsync(payload.Rewriter ?? payload.Checkpoint, context), scoring, prompt, context))))
            : ([.. good.Select(question => question.Select(draft => draft.Answer).ToList())], [], 0);

        var path = $"{payload.Output}.{context.Attempt}.jsonl";
        using (context.Time.Measure(TimePart.Storage))
            await context.Blobs.WriteAsync(path,
                CompletionRow.ToJsonLines(kept.SelectMany(question => question).Select(CompletionRow.Create)), CancellationToken.None);
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
                [MetricNames.Tokens] = all.Sum(answer => answer.Result.Tokens.Length)
                    + (settings is CollectStage { Rewrite: ModelRewrite } ? written : 0),
            };
            if (all.Count > 0)
            {
                metrics[MetricNames.MeanLength] = all.Average(answer => answer.Result.Tokens.Length);
                metrics[MetricNames.ClippedRatio] = all.Count(answer => !answer.Finished) / (double)all.Count;
            }
            foreach (var reason in selection.Reasons)
                metrics[MetricNames.SamplesDropped + reason] = verdicts.Sum(question => question.Count(verdict => verdict == reason));
            if (settings is not CollectStage { Rewrite: not null }) return metrics;
            metrics[MetricNames.SamplesRewritten] = metrics[MetricNames.SamplesKept];
            foreach (var reason in selection.Reasons.Append(NoRoom))
                metrics[MetricNames.SamplesDropped + MetricNames.Rewrite + reason] = dropped.Count(why => why == reason);
            return metrics;
        }
    }

    // What was rewritten is judged as the sample was: it must be as good, and no two of a question the same.
    private static async Task<(IReadOnlyList<IReadOnlyList<SampledAnswer>> Kept, IReadOnlyList<string> Dropped, int Tokens)> RewriteAsync(
        IReadOnlyList<IReadOnlyList<Draft>> good, SampleSelection selection, IRewriter? rewriter)
    {
        if (rewriter is null) return ([], [], 0);
        var drafts = good.SelectMany(question => question).ToList();
        var rewritten = new Queue<SampledAnswer?>(await rewriter.RewriteAsync(drafts));
        var tokens = rewritten.Sum(answer => answer?.Result.Tokens.Length ?? 0);
        var (kept, dropped) = (new List<IReadOnlyList<SampledAnswer>>(), new List<string>());
        foreach (var question in good)
        {
            var answers = question.Select(draft => rewritten.Dequeue() is { } answer ? answer with { Draft = draft.Answer.Text } : null)
                .ToList();
            dropped.AddRange(answers.Where(answer => answer is null).Select(_ => NoRoom));
            var judged = answers.OfType<SampledAnswer>().ToList();
            var verdicts = selection.Judge(judged);
            dropped.AddRange(verdicts.OfType<string>());
            kept.Add([.. judged.Where((_, index) => verdicts[index] is null)]);
        }
        return (kept, dropped, tokens);
    }

    // The stage's draws up to the shard's last, so that a problem that an earlier shard has is known to be a repeated one.
    private static List<(int Number, Problem Problem)> Draw(SampleJob payload, SampleStage settings, IProblemTask task)
    {
        var (seen, questions) = (new HashSet<string>(StringComparer.Ordinal), new List<(int, Problem)>());
        for (var number = 0; number < payload.FirstQuestion + payload.QuestionCount; number++)
        {
            var problem = task.Training(new ProblemDraw(
                Seeds.Derive(payload.Seed, payload.Stage + "/question", number), Position: number,
                    Progress: number / Math.Max(1.0, settings.Questions - 1)));
            if (task.IsHeldOut(problem))
                throw new InvalidOperationException($"Problem {problem.Id} is held out and must not be trained on.");
            if (seen.Add(problem.Id) && number >= payload.FirstQuestion) questions.Add((number, problem));
        }
        return questions;
    }
}
