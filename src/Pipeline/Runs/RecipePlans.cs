using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Pipeline.Runs;

/// <summary>What a run of a recipe would take, and what it would take over.</summary>
/// <param name="Plan">The plan of all stages.</param>
/// <param name="Reuse">What is taken over.</param>
/// <param name="WallSeconds">Seconds from start to end without the stages that are taken over.</param>
/// <param name="Cost">Their price.</param>
public sealed record RecipePlanView(RunPlanEstimate Plan, ReusePlan Reuse, double WallSeconds, double Cost);

/// <summary>Looks at recipes before they are run.</summary>
internal sealed class RecipePlans(IRunStore runs, RunService service, PipelineOptions options, RunPlanner planner)
{
    /// <summary>Most differences of two recipes in an answer.</summary>
    public const int MaxDifferences = 500;

    /// <summary>What a recipe does, and whether there is its run.</summary>
    public async Task<RecipeCheckView> CheckAsync(LoadedRecipe loaded, CancellationToken cancellation)
    {
        var id = RunIds.Of(loaded);
        var recipe = loaded.Recipe.Expand();
        return new(recipe.Name, id, loaded.Hash, await runs.TryGetAsync(id, cancellation) is not null,
            [.. recipe.Stages.Select(stage => new CheckedStage(
                stage.Key, stage.Value.Kind(), stage.Value.Describe(loaded.Recipe), StageNeeds.Of(recipe, stage.Key)))],
            loaded.Notes);
    }

    /// <summary>What its run would take.</summary>
    public async Task<RecipePlanView> PlanAsync(LoadedRecipe recipe, PlanOptions wishes, bool reuse, CancellationToken cancellation)
    {
        // Rows of data sets are counted on this machine: that is work, and not for the thread that answers requests.
        var plan = await Task.Run(
            () => planner.Plan(recipe.Recipe, wishes with { Datasets = options.Datasets }, PriceTable.Default), cancellation);
        var taken = await service.PlanReuseAsync(recipe, reuse, cancellation);
        var done = taken.Stages.Where(stage => stage.ReusedFrom is not null).Select(stage => stage.Name)
            .ToHashSet(StringComparer.Ordinal);
        var left = plan.Stages.Where(stage => stage.WallSeconds is not null && !done.Contains(stage.Name)).ToList();
        var seconds = RunPlanner.Wall(left, plan.Nodes);
        return new(plan, taken, seconds, plan.WallSeconds > 0 ? plan.Cost * seconds / plan.WallSeconds : 0);
    }

    /// <summary>How the recipes of two runs differ.</summary>
    public async Task<RecipeDifferences> CompareAsync(string from, string to, CancellationToken cancellation)
    {
        var one = await service.SpecAsync(from, cancellation);
        var other = await service.SpecAsync(to, cancellation);
        var differences = JsonDifferences.Of(one.Recipe, other.Recipe).Take(MaxDifferences + 1).ToList();
        return new(from, to, [.. differences.Take(MaxDifferences)], differences.Count > MaxDifferences ? true : null);
    }
}
