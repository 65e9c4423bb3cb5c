using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>Fields of a resolved recipe that are set to other values.</summary>
public static class RecipeSettings
{
    /// <summary>Sets fields; the loader judges whether they exist.</summary>
    /// <param name="resolved">The recipe as JSON.</param>
    /// <param name="settings">Values by the fields' paths, e.g. <c>stages.r1-zero.iterations</c>.</param>
    /// <exception cref="BadInputException">A path leads through something that is not there.</exception>
    public static string Set(string resolved, IEnumerable<KeyValuePair<string, JsonNode?>> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var recipe = JsonNode.Parse(resolved)!.AsObject();
        foreach (var (field, value) in settings)
        {
            var path = field.Split('.');
            var holder = recipe;
            foreach (var name in path[..^1])
            {
                holder = holder[name] as JsonObject ?? throw new BadInputException(
                    $"--set {field}: '{name}' is not there; {string.Join(", ", holder.Select(member => member.Key))} are.");
            }
            holder[path[^1]] = value?.DeepClone();
        }
        return recipe.ToJsonString();
    }

    /// <summary>A setting on a command line, <c>path=value</c>: the value is JSON where it is JSON, else text.</summary>
    /// <exception cref="BadInputException">It is of another form.</exception>
    public static KeyValuePair<string, JsonNode?> Parse(string setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return setting.Split('=', 2) is [{ Length: > 0 } path, var text]
            ? new(path, Value(text))
            : throw new BadInputException($"--set {setting}: path=value is needed, e.g. stages.r1-zero.iterations=50.");
    }

    // No quotes are needed around names.
    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
