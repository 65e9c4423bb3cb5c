using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages;

/// <summary>Measures models, from inside an orchestrator.</summary>
internal static class Evaluations
{
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
            Rewards = stage.Available(stage.Rewards),
            Checkpoint = checkpoint,
            WithSamples = final,
        });

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
