using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>
/// Samples a group of completions for every question of a shard and scores them. Questions and noise derive from (seed, stage, iteration,
/// question, sample), so the rollout is the same however it is cut into shards.
/// </summary>
internal sealed partial class RolloutHandler(ResidentModels models, Func<VerifierPool>? verifiers = null) : IJobHandler<RolloutJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(RolloutJob payload, JobContext context)
    {
        var settings = payload.Settings;
        var curriculum = await CurriculumAsync(payload, context);
        var questions = await RolloutQuestion.DrawAsync(payload, curriculum, models, verifiers, context);
        var policy = await models.PolicyAsync(payload.Policy, context, settings.Optimizer.Precision);
        var sampled = await new ProblemSampler(policy, index => questions[index].Scoring, settings.Prompt, context).AskAsync(
            [.. questions.Select(question => question.Problem)], settings.Sampling, settings.GroupSize,
            (index, sample) => Seeds.Derive(payload.Seed, payload.Stage + "/sample", payload.Iteration, questions[index].Number, sample),
            finished: (index, sample, result, text) => Watch(context, payload, questions[index], sample, result, text));

        var answers = questions.Zip(sampled, (question, given) => RandomReward.Of(payload, question, given)).ToList();
        var all = questions.Zip(answers).SelectMany(group => group.Second.Select(answer => (Question: group.First, Answer: answer)))
            .ToList();
        var rows = all.Select(one => Row(one.Question, one.Answer)).ToList();
        var samples = all.Select((one, place) =>
            SampleRow.Create(one.Answer, one.Question.Number, place % settings.GroupSize, payload.Policy) with
        {
            Iteration = payload.Iteration + 1,
            Policy = payload.Policy,
            Engine = policy.Engine,
            Source = one.Question.Source.Length > 0 ? one.Question.Source : null,
        });
        var outputs = await SaveAsync(payload, rows, samples, context);
        var metrics = RolloutMetrics.Of(rows, [.. all.Select(one => one.Answer.Scored)], [.. all.Select(one => one.Question.Source)]);
        if (curriculum is not null)
        {
            outputs[DifficultyPool.Asked] = await SaveAskedAsync(payload,
                questions.Zip(answers, (question, given) => question.After(given, payload.Iteration)), context);
            metrics[MetricNames.CurriculumProblems] = curriculum.Known;
            metrics[MetricNames.CurriculumInBand] = curriculum.InBand;
            metrics[MetricNames.CurriculumFromBand] = questions.Count(question => question.FromBand) / (double)questions.Count;
        }
        return new JobOutcome(outputs, metrics);
    }

    private static async Task<CurriculumDraw?> CurriculumAsync(RolloutJob payload, JobContext context)
    {
        if (payload.Settings.Curriculum is not { } settings) return null;
        var pool = await DifficultyPool.ReadAsync(payload.Pool, context);
        var draw = new CurriculumDraw(settings, pool, payload.Seed, payload.Stage, payload.Iteration);
        if (draw is { Known: > 0, InBand: 0 }) LogNothingInBand(context.Log, context.Spec.JobId, draw.Known, settings.Low, settings.High);
        return draw;
    }

    private static async Task<string> SaveAskedAsync(RolloutJob payload, IEnumerable<AskedProblem> asked, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var path = $"{payload.Output}-{DifficultyPool.Asked}.{context.Attempt}.jsonl";
        await context.Blobs.WriteAsync(path, JsonLines.Write(asked), CancellationToken.None);
        return path;
    }

    [LoggerMessage(2070, LogLevel.Warning,
        "{Job}: none of {Known} problems has a pass rate from {Low} to {High}; the questions are those whose turn it is")]
    private static partial void LogNothingInBand(ILogger log, string job, int known, double low, double high);

    private static void Watch(JobContext context, RolloutJob payload, RolloutQuestion question, int sample, GenerationResult result,
        Func<string> text)
    {
        var now = context.Clock.GetUtcNow();
        context.Tail.Add(() => new(now, payload.Iteration + 1, question.Number, sample, question.Problem.Prompt, text(),
            result.Finish != FinishReason.Stop, result.Tokens.Length, question.Problem.Answer));
    }

    private static RolloutRow Row(RolloutQuestion question, SampledAnswer answer) => new()
    {
        Question = question.Number,
        Prompt = answer.Prompt,
        Completion = answer.Result.Tokens,
        LogProbs = answer.Result.LogProbs,
        PolicyLogProbs = answer.Result.PolicyLogProbs,
        Reward = (float)answer.Scored.Total,
        Truncated = !answer.Finished,
        Dropped = answer.Scored.Dropped,
    };

    private static async Task<Dictionary<string, string>> SaveAsync(RolloutJob payload, List<RolloutRow> rows,
        IEnumerable<SampleRow> samples, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var file = Path.Combine(context.ScratchFolder, "rollout.safetensors");
        RolloutFile.Write(file, rows);
        var (tokensPath, samplesPath) = ($"{payload.Output}.{context.Attempt}.safetensors", $"{payload.Output}.{context.Attempt}.jsonl");
        await Task.WhenAll(
            context.Blobs.UploadAsync(tokensPath, file, CancellationToken.None),
            context.Blobs.WriteAsync(samplesPath, JsonLines.Write(samples), CancellationToken.None));
        return new() { ["tokens"] = tokensPath, ["samples"] = samplesPath };
    }
}
