using System.Text.Json;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Model;

/// <summary>A recipe that can be run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="RunId">The id that its run would get.</param>
/// <param name="Hash">SHA-256 of the resolved recipe, hex.</param>
/// <param name="Exists">Whether there is a run of that id: to start it would answer that one.</param>
/// <param name="Stages">What it does.</param>
/// <param name="Notes">What is worth knowing of it.</param>
public sealed record RecipeCheckView(string Name, string RunId, string Hash, bool Exists, IReadOnlyList<CheckedStage> Stages,
    IReadOnlyList<RecipeProblem> Notes);

/// <summary>A stage of a recipe.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Description">What it does, in a few words.</param>
/// <param name="Needs">The stages that it builds on.</param>
public sealed record CheckedStage(string Name, string Kind, string Description, IReadOnlyList<StageNeed> Needs);

/// <summary>A stage that another builds on.</summary>
/// <param name="Stage">Its name.</param>
/// <param name="As">What it gives.</param>
public sealed record StageNeed(string Stage, NeedRole As);

/// <summary>What a stage gives to another.</summary>
public enum NeedRole
{
    /// <summary>The model that it starts from.</summary>
    Model,
    /// <summary>Rows that it learns from.</summary>
    Data,
    /// <summary>A reward model that judges.</summary>
    Reward,
    /// <summary>A model that rewrites completions.</summary>
    Rewriter,
    /// <summary>A model that scores what another samples.</summary>
    Teacher,
}

/// <summary>How two runs' recipes differ.</summary>
/// <param name="From">The run that is compared.</param>
/// <param name="To">The run that it is compared with.</param>
/// <param name="Differences">The differences, in the order of the first recipe, then what the other alone has.</param>
/// <param name="More">Whether some are left out because there are too many.</param>
public sealed record RecipeDifferences(string From, string To, IReadOnlyList<RecipeDifference> Differences, bool? More = null);

/// <summary>A field in which two recipes differ.</summary>
/// <param name="Path">The field.</param>
/// <param name="From">What the first one says; null where it has no such field.</param>
/// <param name="To">What the other says; null where it has no such field.</param>
public sealed record RecipeDifference(string Path, JsonElement? From = null, JsonElement? To = null);
