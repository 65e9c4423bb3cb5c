using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages;

/// <summary>Measures models, from inside an orchestrator.</summary>
internal static class Evaluations
{
    /// <summary>Whether a stage's model is still to be measured.</summary>
    public static bool IsDue(StageKind kind, StageResult result, EvaluationRecipe? evaluation) => kind.YieldsModel && result.Evaluation is null && evaluation is not null;

    /// <summary>A measurement of a checkpoint as a job.</summary>
    /// <param name="stage">The stage that it belongs to.</param>
    /// <param name="settings">What is measured.</param>
    /// <param name="checkpoint">The model.</param>
    /// <param name="step">The model's step: part of the job's id.</param>
    /// <param name="final">Whether it is the stage's last word, with example answers, or a point of its learning curve.</param>
    public static JobSpec Job(StageInput stage, EvaluationRecipe settings, string checkpoint, int step, bool final) =>
        stage.Job(JobId.Create(stage.Label, step, final ? "final-" + JobKinds.Evaluate : JobKinds.Evaluate), new EvaluateJob
        {
            // A point of the curve is greedy decoding alone: the samples of pass@1 would cost several times as much.
            Settings = final ? settings : settings with { Samples = 0 },
            Task = stage.Tasks[settings.Task],
            Rewards = stage.Rewards,
            Checkpoint = checkpoint,
            WithSamples = final,
        });

    /// <summary>The reward functions that measurements report: those of all stages, the same for every model of a run, so that before and after compare.</summary>
    public static IReadOnlyDictionary<string, RewardRecipe> Rewards(Recipe recipe) => recipe.Stages.Values
        .SelectMany(stage => stage is RlStage rl ? rl.Rewards : stage is SampleStage sample ? sample.Rewards : new Dictionary<string, RewardRecipe>())
        .GroupBy(reward => reward.Key).ToDictionary(group => group.Key, group => group.Last().Value);

    /// <summary>Runs the measurement.</summary>
    public static async Task<EvaluationResult> RunAsync(IOrchestrationContext context, JobCalls jobs, JobSpec job)
    {
        var start = context.CurrentUtcDateTime;
        var result = await jobs.RunAsync(context, job);
        return new(
            result.Metrics,
            result.Time() with { Wall = (context.CurrentUtcDateTime - start).TotalSeconds },
            result.Outputs.GetValueOrDefault("samples"));
    }
}
