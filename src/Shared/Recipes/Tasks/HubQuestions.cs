using System.Diagnostics.CodeAnalysis;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>Questions to the Hub from where a recipe is read or planned, which is done in one go, as files are read.</summary>
public static class HubQuestions
{
    /// <summary>Asks, and waits for the answer.</summary>
    /// <param name="hub">The Hub.</param>
    /// <param name="question">The question.</param>
    /// <exception cref="BadInputException">What is asked for cannot be had.</exception>
    /// <exception cref="StorageException">It cannot be had now.</exception>
    [SuppressMessage("Usage", "VSTHRD002",
        Justification = "The question is asked on the pool, where nothing is held that it could wait for.")]
    public static T Ask<T>(this IHubReader hub, Func<IHubReader, Task<T>> question) =>
        Task.Run(() => question(hub)).GetAwaiter().GetResult();
}
