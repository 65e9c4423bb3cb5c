using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>The registry of tasks: what makes the problems of each kind of <see cref="TaskRecipe"/>.</summary>
internal static class ProblemTasks
{
    private static readonly Dictionary<Type, Func<TaskRecipe, IProblemTask>> Makers = new()
    {
        [typeof(ArithmeticTask)] = recipe => new ArithmeticProblems((ArithmeticTask)recipe),
    };

    /// <summary>Makes the task of a recipe.</summary>
    /// <exception cref="BadInputException">No task knows this kind.</exception>
    public static IProblemTask Create(TaskRecipe recipe) =>
        Makers.TryGetValue(recipe.GetType(), out var make)
            ? make(recipe)
            : throw new BadInputException($"This worker knows no task of kind {recipe.GetType().Name}.");
}
