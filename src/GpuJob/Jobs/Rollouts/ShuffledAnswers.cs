using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>
/// Problems that are judged by another one's answer, as the control says: a function of the problem, the seed and the stage alone, so that
/// a problem has the same wrong answer whenever and wherever it is asked.
/// </summary>
internal static class ShuffledAnswers
{
    private const int MostDraws = 64;

    /// <summary>The problem with another one's answer, where the stage is such a control; else as it is.</summary>
    /// <param name="payload">The rollout.</param>
    /// <param name="source">The prompt source that it comes from; one that no accuracy reward judges has no answers.</param>
    /// <param name="task">The source's task.</param>
    /// <param name="problem">The problem.</param>
    /// <exception cref="BadInputException">All other problems have its answer.</exception>
    public static Problem Of(RolloutJob payload, PromptSource source, IProblemTask task, Problem problem)
    {
        if (payload.Settings.Control != TrainingControl.ShuffledAnswers
            || !source.Rewards.Keys.Any(reward => reward.StartsWith("accuracy/", StringComparison.Ordinal))) return problem;
        var random = new SeededRandom(Seeds.Derive(payload.Seed, $"{payload.Stage}/shuffled-answers/{problem.Id}"));
        Problem? answered = null;
        for (var draw = 0; draw < MostDraws; draw++)
        {
            var other = task.Training(new ProblemDraw(random.NextBits(), task.TrainingCount is { } count ? random.Next(count) : 0,
                random.NextDouble()));
            // What is judged by its row's columns alone, as code by its tests, has no answer to compare.
            if (other.Id == problem.Id || (other.Answer == problem.Answer && problem.Answer.Length > 0)) continue;
            // Another language's answer would be wrong for its language already.
            if (LanguageOf(other) != LanguageOf(problem)) continue;
            answered = other;
            break;
        }
        return answered is null
            ? throw new BadInputException($"Problem '{problem.Id}': {MostDraws} other problems have no other answer; control "
                + "shuffled-answers needs problems whose answers differ.")
            : problem with { Answer = answered.Answer, Fields = answered.Fields };
    }

    private static string? LanguageOf(Problem problem) =>
        problem.Fields.TryGetValue(LanguageColumn.Name, out var language) ? language.ToString() : null;
}
