using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Judging;
using R1Cloud.GpuJob.Sampling;
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
/// <param name="Draw">What the problem was drawn by.</param>
/// <param name="FromBand">Whether the curriculum asks it again.</param>
internal sealed record RolloutQuestion(int Number, Problem Problem, string Source, OverlappedScoring Scoring, ProblemDraw Draw = default,
    bool FromBand = false)
{
    /// <summary>The question as its answers leave it.</summary>
    /// <param name="answers">Its answers.</param>
    /// <param name="iteration">The iteration.</param>
    public AskedProblem After(IReadOnlyList<SampledAnswer> answers, int iteration)
    {
        var judged = answers.Where(answer => !answer.Scored.Dropped).ToList();
        return new(Source, Problem.Id, Draw.Seed, Draw.Position, Draw.Progress, judged.Count, judged.Count(answer => answer.IsRight()),
            iteration);
    }

    /// <summary>Draws a shard's questions, each from its source.</summary>
    /// <param name="payload">The shard.</param>
    /// <param name="curriculum">Says which problems are asked again; null for none.</param>
    /// <param name="models">Where reward models are kept in memory.</param>
    /// <param name="verifiers">The verifiers of rewards that can hang; null for those of the process.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="BadInputException">A source's task or rewards are wrong.</exception>
    public static async Task<IReadOnlyList<RolloutQuestion>> DrawAsync(RolloutJob payload, CurriculumDraw? curriculum,
        ResidentModels models, Func<VerifierPool>? verifiers, JobContext context)
    {
        var split = new QuestionSplit(payload.Settings);
        var origins = Enumerable.Range(payload.FirstQuestion, payload.QuestionCount)
            .Select(number => (Number: number, Origin: split.At(payload.Iteration, number))).ToList();
        var sources = new Dictionary<string, (PromptSource Source, IProblemTask Task, OverlappedScoring Scoring)>(StringComparer.Ordinal);
        foreach (var (name, source) in payload.Settings.PromptSources())
        {
            if (!origins.Exists(question => question.Origin.Source == name)) continue;
            if (!payload.Tasks.TryGetValue(source.Task, out var recipe))
                throw new BadInputException(
                    $"Job '{context.Spec.JobId}': there is no task '{source.Task}', only: {string.Join(", ", payload.Tasks.Keys)}.");
            var use = RowUse.Asked(source.Task, payload.Settings.Prompt, payload.Settings.Sampling.MaxNewTokens);
            var task = await FittingTasks.OfAsync(
                await ProblemTasks.CreateAsync(recipe, context.Blobs, context.Hub, context.Preemption), use,
                    () => models.PolicyAsync(payload.Policy, context, payload.Settings.Optimizer.Precision), context);
            sources.Add(name, (source, task,
                new(new RewardSum(source.Rewards), verifiers, ModelRewards.Create(source.Rewards, models, context))));
        }
        return [.. origins.Select(question =>
        {
            var (source, task, scoring) = sources[question.Origin.Source];
            var draw = new ProblemDraw(Seeds.Derive(payload.Seed, payload.Stage + "/question", payload.Iteration, question.Number),
                question.Origin.Position, question.Origin.Progress);
            var again = false;
            if (curriculum is not null)
            {
                (draw, again) = curriculum.Choose(question.Origin.Source, split.IndexAt(payload.Iteration, question.Number), draw,
                    other => task.Training(other).Id);
            }
            var problem = task.Training(draw);
            if (task.IsHeldOut(problem))
                throw new InvalidOperationException($"Problem {problem.Id} is held out and must not be trained on.");
            return new RolloutQuestion(question.Number, ShuffledAnswers.Of(payload, source, task, problem), question.Origin.Source,
                scoring, draw, again);
        })];
    }
}
