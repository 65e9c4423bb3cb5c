using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages;

/// <summary>The job that looks at a run's inputs before all others.</summary>
internal static class InputCheck
{
    /// <summary>What stands in the job's id in a stage's place. A stage of that name has no jobs of this kind.</summary>
    public const string Label = JobKinds.Check;

    /// <summary>Whether there is something to look at: data or models that others made.</summary>
    public static bool IsDue(RunInput run, RunPlan plan) => run.Version >= RunInput.ChecksInputs && StageKeys.Files(plan.Recipe).Count > 0;

    /// <summary>The job.</summary>
    public static JobSpec Job(RunInput run, Recipe recipe) => new()
    {
        RunId = run.RunId,
        JobId = JobId.Create(Label, 0, JobKinds.Check),
        Payload = new CheckJob { Recipe = recipe, Seed = recipe.Seed, Stage = Label, TemplateDate = recipe.TemplateDay() },
        Retry = recipe.Jobs,
    };
}
