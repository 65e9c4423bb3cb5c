using System.Text.Json;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Shapes;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>Options of rewards, read outside of recipes.</summary>
public static class RewardOptions
{
    /// <summary>A reward's options as its record: strict, so that a misspelt setting never falls back to its default in silence.</summary>
    /// <param name="reward">The reward's name, for the message.</param>
    /// <param name="options">What the recipe says; null for all defaults.</param>
    /// <typeparam name="T">The record.</typeparam>
    /// <exception cref="BadInputException">A field is unknown, missing or out of its limits; the message names reward, field and what is
    /// allowed.</exception>
    public static T Bind<T>(string reward, JsonElement? options)
        where T : notnull
    {
        var problems = new RecipeProblems();
        try
        {
            var tree = RecipeReader.Read($"options of reward {reward}", Current(reward, options), problems);
            problems.ThrowIfAny();
            var bound = new RecipeBinder(problems).Bind(RecipeShape.ObjectOf(typeof(T)), tree!);
            problems.ThrowIfAny();
            return bound.Deserialize<T>(R1Json.Options)!;
        }
        catch (RecipeException e)
        {
            throw new BadInputException(
                string.Join(Environment.NewLine,
                    e.Problems.Select(problem => $"Reward '{reward}': options.{problem.Path}: {problem.Message}: {problem.Allowed}")), e);
        }
    }

    // Jobs that an earlier version wrote have every option of its time. One that is gone may stay where it says what holds without it.
    private static string Current(string reward, JsonElement? options)
    {
        if (options is not { ValueKind: JsonValueKind.Object } given) return options?.GetRawText() ?? "{}";
        if (!Gone.TryGetValue(reward, out var gone)) return given.GetRawText();
        var kept = given.EnumerateObject().Where(option => option.Name != gone.Name || option.Value.GetRawText() != gone.Value);
        return $"{{{string.Join(',', kept.Select(option => $"{JsonSerializer.Serialize(option.Name)}:{option.Value.GetRawText()}"))}}}";
    }

    private static readonly Dictionary<string, (string Name, string Value)> Gone = new(StringComparer.Ordinal)
    {
        ["accuracy/code"] = ("unsandboxed", "false"),
    };
}
