using System.Text.Json;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// Gives the benchmarks of an evaluation what they leave out and the evaluation says beside them. Values remember where they were written.
/// </summary>
internal static class BenchmarkDefaults
{
    private const string Evaluation = "evaluation", Stages = "stages", Benchmarks = "benchmarks";

    private static readonly string[] Shared = ["problems", "samples", "prompt", "sampling", "rewards"];

    /// <summary>Fills in the evaluations of a recipe.</summary>
    /// <exception cref="RecipeException">It has too many benchmarks: each is given all that its evaluation says.</exception>
    public static void Fill(ObjectNode recipe, RecipeProblems problems)
    {
        IEnumerable<ObjectNode> stages = recipe.Members.GetValueOrDefault(Stages)?.Value is ObjectNode all
            ? all.Members.Values.Select(member => member.Value).OfType<ObjectNode>() : [];
        var count = 0;
        foreach (var owner in stages.Prepend(recipe))
        {
            if (owner.Members.GetValueOrDefault(Evaluation)?.Value is not ObjectNode evaluation
                || evaluation.Members.GetValueOrDefault(Benchmarks)?.Value is not ObjectNode benchmarks) continue;
            count += benchmarks.Members.Count;
            if (count > RecipeReader.MostMembers)
                problems.Refuse(benchmarks.At, "", "{…}", "too many benchmarks",
                    $"at most {RecipeReader.MostMembers} in all evaluations together");
            FillIn(evaluation, benchmarks);
        }
    }

    private static void FillIn(ObjectNode evaluation, ObjectNode benchmarks)
    {
        foreach (var benchmark in benchmarks.Members.Values.Select(member => member.Value).OfType<ObjectNode>())
        {
            foreach (var field in Shared)
            {
                if (evaluation.Members.GetValueOrDefault(field) is not { } common
                    || common.Value is ScalarNode { Kind: JsonValueKind.Null }) continue;
                if (benchmark.Members.TryGetValue(field, out var own))
                    benchmark.Members[field] = own with { Value = Merge(common.Value, own.Value, field) };
                else benchmark.Members.Add(field, common);
            }
        }
    }

    // Rewards replace each other: what judges one benchmark need not fit another.
    private static RecipeNode Merge(RecipeNode common, RecipeNode own, string field)
    {
        if (field == "rewards" || common is not ObjectNode left || own is not ObjectNode right) return own;
        var merged = new ObjectNode(right.At);
        foreach (var (name, member) in right.Members) merged.Members.Add(name, member);
        foreach (var (name, member) in left.Members) merged.Members.TryAdd(name, member);
        return merged;
    }
}
