using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>The registry of tasks: what makes the problems of each kind of <see cref="TaskRecipe"/>.</summary>
internal static class ProblemTasks
{
    private static readonly Dictionary<Type, Func<TaskRecipe, IBlobStore?, IHubReader, CancellationToken,
        Task<IProblemTask>>> Makers = new()
    {
        [typeof(ArithmeticTask)] = (recipe, _, _, _) => Task.FromResult<IProblemTask>(new ArithmeticProblems((ArithmeticTask)recipe)),
        [typeof(NumberWordsTask)] = (recipe, _, _, _) => Task.FromResult<IProblemTask>(new NumberWordsProblems((NumberWordsTask)recipe)),
        [typeof(CountdownTask)] = (recipe, _, _, _) => Task.FromResult<IProblemTask>(new CountdownProblems((CountdownTask)recipe)),
        [typeof(RequestsTask)] = (recipe, _, _, _) => Task.FromResult<IProblemTask>(new RequestProblems((RequestsTask)recipe)),
        [typeof(DatasetTask)] = async (recipe, blobs, hub, cancellation) =>
            await DatasetLoading.LoadAsync((DatasetTask)recipe, blobs, hub, cancellation),
    };

    /// <summary>Makes the task of a recipe.</summary>
    /// <param name="recipe">The task's recipe.</param>
    /// <param name="blobs">Where data sets in storage are; null where there is none.</param>
    /// <param name="hub">Brings data sets of the Hub.</param>
    /// <param name="cancellation">Stops a download.</param>
    /// <exception cref="BadInputException">No task knows this kind, or its files are wrong.</exception>
    public static Task<IProblemTask> CreateAsync(TaskRecipe recipe, IBlobStore? blobs, IHubReader hub,
        CancellationToken cancellation = default) =>
        Makers.TryGetValue(recipe.GetType(), out var make)
            ? make(recipe, blobs, hub, cancellation)
            : throw new BadInputException($"This worker knows no task of kind {recipe.GetType().Name}.");

    /// <summary>Makes the task of a recipe for pretraining.</summary>
    /// <exception cref="BadInputException">The task has no worked examples.</exception>
    public static async Task<IWorkedTask> CreateWorkedAsync(TaskRecipe recipe, IBlobStore? blobs, IHubReader hub,
        CancellationToken cancellation = default) =>
        await CreateAsync(recipe, blobs, hub, cancellation) as IWorkedTask
        ?? throw new BadInputException(
            $"A pretrain stage needs a task with worked examples, such as arithmetic; {recipe.GetType().Name} has none.");
}
