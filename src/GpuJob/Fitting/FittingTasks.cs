using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Fitting;

/// <summary>Tasks without the rows that a model has no room for, where the recipe says that those are left out.</summary>
internal static class FittingTasks
{
    /// <summary>A task with the rows that fit.</summary>
    /// <param name="task">The task.</param>
    /// <param name="use">What is made of its rows.</param>
    /// <param name="model">Loads the model; called only where it is needed.</param>
    /// <param name="context">The attempt.</param>
    public static async Task<IProblemTask> OfAsync(IProblemTask task, RowUse use, Func<Task<Policy>> model, JobContext context)
    {
        if (use.Prompt.TooLong != LongRows.LeaveOut || task is not DatasetProblems rows) return task;
        var policy = await model();
        var measures = new RowMeasures(policy.Tokenizer, policy.Model.Config.MaxPositions, context.Spec.Payload.TemplateDate);
        var measure = use.Measure(measures);
        return rows.Fitting(policy.Tokenizer, $"{use.Key} {measures.Positions} {measures.Date}", row => measure(row) is null);
    }
}
