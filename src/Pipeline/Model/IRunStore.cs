using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Model;

/// <summary>A run as it was ordered: written once.</summary>
/// <param name="Id">The run's id.</param>
/// <param name="Name">The recipe's name.</param>
/// <param name="Recipe">The resolved recipe.</param>
/// <param name="Hash">SHA-256 of the resolved recipe, hex.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="Reuse">Whether stages that other runs have finished are taken over.</param>
/// <param name="TemplateDate">The date that chat templates see, where the recipe says none: the day of its creation (UTC). Null in
/// runs that an earlier version created.</param>
/// <param name="Threads">
/// The CPU threads that each of its workers computes with, wherever it goes on. Null in runs that an earlier version created, and where
/// results do not depend on them.
/// </param>
/// <param name="Fork">Where it leaves the run that it is a fork of; null where it is none.</param>
[StoredForm(1)]
public sealed record RunSpec(string Id, string Name, JsonElement Recipe, string Hash, DateTimeOffset CreatedAt, bool Reuse = true,
    string? TemplateDate = null, int? Threads = null, ForkOrigin? Fork = null)
{
    /// <summary>The recipe as records, its stages as they are carried out: each student of a distill stage is one.</summary>
    /// <exception cref="JsonException">It does not fit; it was checked when the run was created.</exception>
    public Recipe ParseRecipe()
    {
        var recipe = Recipe.Deserialize<Recipe>(R1Json.Options)?.Expand() ?? throw new JsonException($"Run '{Id}' has no recipe.");
        return recipe with { TemplateDate = recipe.TemplateDate ?? TemplateDate,
            Workers = recipe.Workers with { Threads = Threads ?? recipe.Workers.Threads } };
    }
}

/// <summary>A retry of a run.</summary>
/// <param name="Number">Which retry it is, from 1.</param>
/// <param name="Revisions">How often each stage was run again in all, by name.</param>
/// <param name="CreatedAt">When it was asked for.</param>
[StoredForm(1)]
public sealed record RunGeneration(int Number, IReadOnlyDictionary<string, int> Revisions, DateTimeOffset CreatedAt);

/// <summary>What must survive of runs besides their blobs: which there are, what was ordered, how often they were retried.</summary>
public interface IRunStore
{
    /// <summary>Creates the run when there is none of its id.</summary>
    /// <returns>The run that the id stands for, which is another one when it existed.</returns>
    Task<RunSpec> GetOrCreateAsync(RunSpec spec, CancellationToken cancellation = default);

    /// <summary>The run, or null when there is none.</summary>
    Task<RunSpec?> TryGetAsync(string runId, CancellationToken cancellation = default);

    /// <summary>The run's last retry, or null when it never was.</summary>
    Task<RunGeneration?> TryGetGenerationAsync(string runId, CancellationToken cancellation = default);

    /// <summary>Adds a retry.</summary>
    /// <returns>False when another one took the number.</returns>
    Task<bool> TryAddGenerationAsync(string runId, RunGeneration generation, CancellationToken cancellation = default);

    /// <summary>Forgets a run that is removed. Another process may know it for a while still.</summary>
    Task RemoveAsync(RunSpec run, CancellationToken cancellation = default);

    /// <summary>Ties an idempotency key to a run.</summary>
    /// <returns>The run that the key is tied to, which is another one when it was before.</returns>
    Task<string> TieKeyAsync(string key, string runId, CancellationToken cancellation = default);
}
