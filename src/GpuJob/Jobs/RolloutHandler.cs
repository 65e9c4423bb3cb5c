using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Rewards;
using R1Cloud.GpuJob.Rewards.Models;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.GpuJob.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs;

/// <summary>
/// Samples a group of completions for every question of a shard and scores them. Questions and noise derive from (seed, stage, iteration,
/// question, sample), so the rollout is the same however it is cut into shards.
/// </summary>
internal sealed class RolloutHandler(ResidentModels models, Func<VerifierPool>? verifiers = null) : IJobHandler<RolloutJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(RolloutJob payload, JobContext context)
    {
        var (settings, task, rewards) = (payload.Settings, await ProblemTasks.CreateAsync(payload.Task, context.Blobs, context.Preemption), new RewardSum(payload.Settings.Rewards));
        var policy = await models.PolicyAsync(payload.Policy, context, settings.Optimizer.Precision);

        var problems = Enumerable.Range(payload.FirstQuestion, payload.QuestionCount)
            .Select(question => task.Training(new ProblemDraw(
                Seeds.Derive(payload.Seed, payload.Stage + "/question", payload.Iteration, question),
                Position: (long)payload.Iteration * settings.Questions + question,
                Progress: payload.Iteration / Math.Max(1.0, settings.Iterations - 1)))).ToList();
        if (problems.Find(task.IsHeldOut) is { } leaked) throw new InvalidOperationException($"Problem {leaked.Id} is held out and must not be trained on.");
        var scoring = new OverlappedScoring(rewards, verifiers, ModelRewards.Create(settings.Rewards, models, context));
        var early = new Task<ScoredCompletion>?[problems.Count, settings.GroupSize];
        var requests = problems.Select((problem, index) => new GenerationRequest(
            policy.EncodePrompt(problem.Prompt, settings.Prompt),
            [.. Enumerable.Range(0, settings.GroupSize).Select(sample =>
                Seeds.Derive(payload.Seed, payload.Stage + "/sample", payload.Iteration, payload.FirstQuestion + index, sample))],
            policy.Tokenizer.EosIds)
        {
            OnFinished = scoring.Overlaps ? (sample, result) => early[index, sample] = ScoreAsync(index, result) : null,
        }).ToList();

        IReadOnlyList<IReadOnlyList<GenerationResult>> results;
        using (context.Time.Measure(TimePart.Generation)) results = policy.Generate(requests, settings.Sampling, context.Preemption);

        var (rows, samples, scores) = (new List<RolloutRow>(), new List<SampleRow>(), new List<ScoredCompletion>());
        using (context.Time.Measure(TimePart.Reward))
        {
            for (var index = 0; index < problems.Count; index++)
            {
                var group = await scoring.CompleteAsync(
                    [.. results[index].Select(result => Completed(index, result))], await Task.WhenAll(results[index].Select((result, sample) => early[index, sample] ?? ScoreAsync(index, result))));
                for (var sample = 0; sample < results[index].Count; sample++)
                {
                    var (result, scored) = (results[index][sample], group[sample]);
                    scores.Add(scored);
                    samples.Add(SampleRow.Create(problems[index], policy.Tokenizer.Decode(result.Tokens), result.Tokens.Length, scored));
                    rows.Add(new RolloutRow
                    {
                        Question = payload.FirstQuestion + index,
                        Prompt = requests[index].Prompt,
                        Completion = result.Tokens,
                        LogProbs = result.LogProbs,
                        PolicyLogProbs = result.PolicyLogProbs,
                        Reward = (float)scored.Total,
                        Truncated = result.Finish == FinishReason.Length,
                        Dropped = scored.Dropped,
                    });
                }
            }
        }

        var outputs = await SaveAsync(payload, rows, samples, context);
        return new JobOutcome(outputs, RolloutMetrics.Of(rows, scores, rewards.Names));

        async Task<ScoredCompletion> ScoreAsync(int index, GenerationResult result) => await scoring.ScoreAsync(Completed(index, result), context.Preemption);

        Completion Completed(int index, GenerationResult result) => new(policy.Tokenizer.Decode(result.Tokens), problems[index].Answer, result.Finish == FinishReason.Stop)
        {
            Prompt = problems[index].Prompt, Fields = problems[index].Fields, Tokens = result.Tokens, MaxTokens = settings.Sampling.MaxNewTokens,
        };
    }

    private static async Task<Dictionary<string, string>> SaveAsync(RolloutJob payload, List<RolloutRow> rows, List<SampleRow> samples, JobContext context)
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
