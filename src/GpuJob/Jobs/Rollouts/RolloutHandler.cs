using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>
/// Samples a group of completions for every question of a shard and scores them. Questions and noise derive from (seed, stage, iteration,
/// question, sample), so the rollout is the same however it is cut into shards.
/// </summary>
internal sealed class RolloutHandler(ResidentModels models, Func<VerifierPool>? verifiers = null) : IJobHandler<RolloutJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(RolloutJob payload, JobContext context)
    {
        var settings = payload.Settings;
        var questions = await RolloutQuestion.DrawAsync(payload, models, verifiers, context);
        var policy = await models.PolicyAsync(payload.Policy, context, settings.Optimizer.Precision);
        var answers = await new ProblemSampler(policy, index => questions[index].Scoring, settings.Prompt, context).AskAsync(
            [.. questions.Select(question => question.Problem)], settings.Sampling, settings.GroupSize,
            (index, sample) => Seeds.Derive(payload.Seed, payload.Stage + "/sample", payload.Iteration, questions[index].Number, sample));

        var all = questions.Zip(answers).SelectMany(group => group.Second.Select(answer => (Question: group.First, Answer: answer)))
            .ToList();
        var rows = all.Select(one => Row(one.Question, one.Answer)).ToList();
        var samples = all.Select((one, place) =>
            SampleRow.Create(one.Answer, one.Question.Number, place % settings.GroupSize, payload.Policy) with
        {
            Iteration = payload.Iteration + 1,
            Source = one.Question.Source.Length > 0 ? one.Question.Source : null,
        });
        var outputs = await SaveAsync(payload, rows, samples, context);
        return new JobOutcome(outputs,
            RolloutMetrics.Of(rows, [.. all.Select(one => one.Answer.Scored)], [.. all.Select(one => one.Question.Source)]));
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
            context.Blobs.UploadAsync(tokensPath, file),
            context.Blobs.WriteAsync(samplesPath, SampleRow.ToJsonLines(samples)));
        return new() { ["tokens"] = tokensPath, ["samples"] = samplesPath };
    }
}
