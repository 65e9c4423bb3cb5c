using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>A question of a rollout: what is asked, and who judges the answers.</summary>
/// <param name="Number">The question within the iteration.</param>
/// <param name="Problem">The problem.</param>
/// <param name="Source">The prompt source's name; empty for the stage's own task.</param>
/// <param name="Scoring">The source's rewards.</param>
internal sealed record RolloutQuestion(int Number, Problem Problem, string Source, OverlappedScoring Scoring)
{
    /// <summary>Draws a shard's questions, each from its source.</summary>
    /// <param name="payload">The shard.</param>
    /// <param name="models">Where reward models are kept in memory.</param>
    /// <param name="verifiers">The verifiers of rewards that can hang; null for those of the process.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="BadInputException">A source's task or rewards are wrong.</exception>
    public static async Task<IReadOnlyList<RolloutQuestion>> DrawAsync(RolloutJob payload, ResidentModels models,
        Func<VerifierPool>? verifiers, JobContext context)
    {
        var split = new QuestionSplit(payload.Settings);
        var origins = Enumerable.Range(payload.FirstQuestion, payload.QuestionCount)
            .Select(number => (Number: number, Origin: split.At(payload.Iteration, number))).ToList();
        var sources = new Dictionary<string, (IProblemTask Task, OverlappedScoring Scoring)>(StringComparer.Ordinal);
        foreach (var (name, source) in payload.Settings.PromptSources())
        {
            if (!origins.Exists(question => question.Origin.Source == name)) continue;
            if (!payload.Tasks.TryGetValue(source.Task, out var recipe))
                throw new BadInputException(
                    $"Job '{context.Spec.JobId}': there is no task '{source.Task}', only: {string.Join(", ", payload.Tasks.Keys)}.");
            var use = RowUse.Asked(source.Task, payload.Settings.Prompt, payload.Settings.Sampling.MaxNewTokens);
            var task = await FittingTasks.OfAsync(
                await ProblemTasks.CreateAsync(recipe, context.Blobs, context.Preemption), use,
                    () => models.PolicyAsync(payload.Policy, context, payload.Settings.Optimizer.Precision), context);
            sources.Add(name, (task, new(new RewardSum(source.Rewards), verifiers, ModelRewards.Create(source.Rewards, models, context))));
        }
        return [.. origins.Select(question =>
        {
            var (task, scoring) = sources[question.Origin.Source];
            var problem = task.Training(new ProblemDraw(
                Seeds.Derive(payload.Seed, payload.Stage + "/question", payload.Iteration, question.Number), question.Origin.Position,
                    question.Origin.Progress));
            if (task.IsHeldOut(problem))
                throw new InvalidOperationException($"Problem {problem.Id} is held out and must not be trained on.");
            return new RolloutQuestion(question.Number, problem, question.Origin.Source, scoring);
        })];
    }
}
