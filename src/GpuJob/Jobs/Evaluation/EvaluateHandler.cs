using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Judging;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.Evaluation;

/// <summary>
/// Measures a checkpoint on held-out problems: greedily, and by k samples a problem whose mean is pass@1 (DeepSeek-R1 section 3.1).
/// Problems and sampling noise do not depend on the checkpoint, so before and after are asked the same.
/// </summary>
internal sealed class EvaluateHandler(ResidentModels models, Func<VerifierPool>? verifiers = null) : IJobHandler<EvaluateJob>
{
    private const int ShownSamples = 24;
    private const string Accuracy = "accuracy";

    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(EvaluateJob payload, JobContext context)
    {
        var (settings, rewards) = (payload.Settings, new RewardSum(payload.Rewards));
        var task = await FittingTasks.OfAsync(
            await ProblemTasks.CreateAsync(payload.Task, context.Blobs, context.Hub, context.Preemption), RowUses.Benchmark(settings),
                () => models.PolicyAsync(payload.Checkpoint, context), context);
        var problems = task.HeldOut(settings.Problems);
        var scoring = new OverlappedScoring(rewards, verifiers, ModelRewards.Create(payload.Rewards, models, context));
        var policy = await models.PolicyAsync(payload.Checkpoint, context);
        var sampler = new ProblemSampler(policy, scoring, settings.Prompt, context);

        var greedy = await AskAsync(settings.Sampling with { Temperature = 0, TopP = 1, TopK = 0, MinP = 0 }, samples: 1);
        var sampled = settings.Samples > 0 && settings.Sampling.Temperature > 0 ? await AskAsync(settings.Sampling, settings.Samples) : [];

        var metrics = new Dictionary<string, double>
        {
            [MetricNames.EvalMeanLength] = greedy.Average(answer => answer.Result.Tokens.Length),
            [MetricNames.EvalProblems] = problems.Count,
            [MetricNames.EvalSamples] = settings.Samples,
            [MetricNames.EvalUnjudged] = greedy.Concat(sampled)
                .Count(answer => answer.Scored.Verdicts.Values.Any(verdict => !verdict.Judged)),
            [MetricNames.EvalOverlap] = problems.Count(problem => !task.IsHeldOut(problem)),
            [MetricNames.Tokens] = greedy.Concat(sampled).Sum(answer => answer.Result.Tokens.Length),
        };
        AddFamilies(metrics, rewards, greedy, MetricNames.EvalGreedy);
        if (sampled.Count > 0)
        {
            AddFamilies(metrics, rewards, sampled, MetricNames.Eval);
            if (rewards.HasFamily(Accuracy))
                AddStatistics(metrics,
                    [.. sampled.Where(answer => !answer.Scored.Dropped).GroupBy(answer => answer.Problem.Id)
                        .Select(group => group.ToList())]);
            metrics[MetricNames.EvalMeanLength] = sampled.Average(answer => answer.Result.Tokens.Length);
        }

        var outputs = new Dictionary<string, string>();
        if (payload.WithSamples)
        {
            var path = context.AttemptPrefix + "samples.jsonl";
            using var _ = context.Time.Measure(TimePart.Storage);
            await context.Blobs.WriteAsync(path, JsonLines.Write(greedy.Take(ShownSamples).Select((answer, number) =>
                SampleRow.Create(answer, number, sample: 0, payload.Checkpoint) with { Greedy = true })), CancellationToken.None);
            outputs["samples"] = path;
            outputs["problems"] = context.AttemptPrefix + "problems.jsonl";
            await context.Blobs.WriteAsync(outputs["problems"], ProblemLines(rewards, sampled.Count > 0 ? sampled : greedy),
                CancellationToken.None);
        }
        return new JobOutcome(outputs, metrics);

        async Task<List<SampledAnswer>> AskAsync(SamplingRecipe sampling, int samples) =>
            [.. (await sampler.AskAsync(problems, sampling, samples,
                (index, sample) => Seeds.Derive(payload.Seed, "evaluate/sample", index, sample))).SelectMany(answers => answers)];
    }

    // For comparing models problem by problem, which tells smaller differences than their means do.
    private static BinaryData ProblemLines(RewardSum rewards, IEnumerable<SampledAnswer> answers) => new(string.Concat(answers
        .Where(answer => !answer.Scored.Dropped)
        .GroupBy(answer => answer.Problem.Id, StringComparer.Ordinal)
        .Select(problem =>
            new ProblemFigures(problem.Key,
                rewards.Families.ToDictionary(family => family, family => problem.Average(answer => answer.Scored.OfFamily(family) ?? 0))))
        .Select(line => JsonSerializer.Serialize(line, R1Json.Options) + "\n")));

    // Over the problems, each with the samples that the rewards could judge.
    private static void AddStatistics(Dictionary<string, double> metrics, IReadOnlyList<List<SampledAnswer>> problems)
    {
        if (problems.Count == 0) return;
        metrics[MetricNames.EvalPassAt1Interval] =
            Interval95.HalfWidth([.. problems.Select(answers => answers.Average(answer => answer.Scored.OfFamily(Accuracy) ?? 0))]);
        var k = problems.Min(answers => answers.Count);
        metrics[MetricNames.EvalK] = k;
        metrics[MetricNames.EvalPassAtK] =
            problems.Average(answers => EvaluationStatistics.PassAtK(answers.Count, answers.Count(Right), k));
        metrics[MetricNames.EvalConsAtK] = problems.Average(answers => EvaluationStatistics.MajorityIsRight(answers.Take(k).Select(answer =>
            (EvaluationStatistics.AnswerOf(new Completion(answer.Text, answer.Problem.Answer, answer.Finished)), Right(answer)))) ? 1 : 0);

        static bool Right(SampledAnswer answer) => answer.Scored.OfFamily(Accuracy) >= 1;
    }

    // A mean for each family of rewards that there is: one that there is not would only be 0. Sampled accuracy is what pass@1 is.
    private static void AddFamilies(Dictionary<string, double> metrics, RewardSum rewards, IReadOnlyCollection<SampledAnswer> answers,
        string prefix)
    {
        foreach (var family in rewards.Families)
            metrics[family == Accuracy && prefix == MetricNames.Eval ? MetricNames.EvalPassAt1 : prefix + family] = Share(answers, family);
    }

    // Over the answers that the rewards could judge; how many they could not is a figure of its own.
    private static double Share(IReadOnlyCollection<SampledAnswer> answers, string family) =>
        answers.Where(answer => !answer.Scored.Dropped).Select(answer => answer.Scored.OfFamily(family) ?? 0).DefaultIfEmpty().Average();
}
