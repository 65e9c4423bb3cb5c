using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;

namespace R1Cloud.Pipeline.Stages;

/// <summary>The job that looks at a run's inputs before all others.</summary>
internal static class InputCheckJob
{
    /// <summary>Whether there is something to look at: data or models that others made.</summary>
    public static bool IsDue(RunInput run, RunPlan plan) => run.Version >= RunInput.ChecksInputs && StageKeys.Files(plan.Recipe).Count > 0;

    /// <summary>The job.</summary>
    public static JobSpec Job(RunInput run, Recipe recipe) => new()
    {
        RunId = run.RunId,
        JobId = JobId.Create(OrchestrationNames.InputCheck, 0, JobKinds.Check),
        Payload = new CheckJob { Recipe = recipe, Seed = recipe.Seed, Stage = OrchestrationNames.InputCheck,
            TemplateDate = recipe.TemplateDay() },
        Retry = recipe.Jobs,
    };
}
