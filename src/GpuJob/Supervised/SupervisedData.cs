using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Supervised;

/// <summary>Reads what fine-tuning learns from: the files of data stages, and data sets with completions.</summary>
internal static class SupervisedData
{
    /// <summary>The rows of each source by its name, each in an order that is always the same.</summary>
    /// <param name="names">The sources.</param>
    /// <param name="files">The files of those that are data stages.</param>
    /// <param name="tasks">Those that are data sets.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="BadInputException">A source or a file is missing, or a row is wrong.</exception>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyList<CompletionRow>>> ReadAsync(
        IReadOnlyList<string> names, IReadOnlyDictionary<string, IReadOnlyList<string>> files,
            IReadOnlyDictionary<string, TaskRecipe> tasks, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var sources = new Dictionary<string, IReadOnlyList<CompletionRow>>();
        foreach (var name in names)
        {
            sources.Add(name, files.TryGetValue(name, out var stage) ? await FilesAsync(name, stage, context)
                : tasks.TryGetValue(name, out var task) ? await TaskAsync(name, task, context)
                : throw new BadInputException(
                    $"Job '{context.Spec.JobId}': data of '{name}' is asked for; there is that "
                    + $"of: {string.Join(", ", files.Keys.Concat(tasks.Keys))}."));
        }
        return sources;
    }

    private static async Task<IReadOnlyList<CompletionRow>> FilesAsync(string name, IReadOnlyList<string> files, JobContext context)
    {
        var rows = new List<CompletionRow>();
        foreach (var file in files)
        {
            rows.AddRange(CompletionRow.Parse(
                await context.Blobs.TryReadAsync(file, context.Preemption)
                    ?? throw new BadInputException($"Job '{context.Spec.JobId}': there is no data '{file}' (of '{name}')."), file));
        }
        return rows;
    }

    private static async Task<IReadOnlyList<CompletionRow>> TaskAsync(string name, TaskRecipe task, JobContext context) =>
        task is DatasetTask dataset
            ? [.. (await DatasetLoading.LoadAsync(dataset, context.Blobs, context.Hub, context.Preemption)).Completions().Select(row =>
                new CompletionRow
            {
                Prompt = row.Problem.Prompt, Messages = row.Problem.Messages, Tools = row.Problem.Tools, Completion = row.Completion,
                    Answer = row.Problem.Answer, Verdicts = new Dictionary<string, double>(),
            })]
            : throw new BadInputException(
                $"Job '{context.Spec.JobId}': task '{name}' is a {task.GetType().Name}; only data sets have completions to learn from.");
}
