using System.Text.Json.Nodes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>
/// The files and folders of a resolved recipe that lie on a machine's disk and not in storage: what workers elsewhere cannot see.
/// </summary>
public static class LocalPaths
{
    // Where recipes name files: data sets, and folders of models to import.
    private static readonly string[][] Fields =
    [
        ["tasks", "*", "files", "*"],
        ["tasks", "*", "heldOutFiles", "*"],
        ["tasks", "*", "against", "*"],
        ["tasks", "*", "difficulty", "passRates"],
        ["stages", "*", "path"],
    ];

    /// <summary>The local paths by the field that names them, e.g. <c>tasks.math.files.0</c>.</summary>
    /// <param name="resolvedJson">The recipe, see <see cref="LoadedRecipe.ResolvedJson"/>.</param>
    public static IReadOnlyList<(string Field, string Path)> Find(string resolvedJson)
    {
        var root = JsonNode.Parse(resolvedJson)!;
        return [.. Fields.SelectMany(field => Values(root, field)).Select(value => (value.GetPath()[2..], value.GetValue<string>()))];
    }

    /// <summary>The recipe with other paths in their places.</summary>
    /// <param name="resolvedJson">The recipe.</param>
    /// <param name="replacements">What takes a path's place, by the path; others stay.</param>
    public static string Replace(string resolvedJson, IReadOnlyDictionary<string, string> replacements)
    {
        ArgumentNullException.ThrowIfNull(replacements);
        var root = JsonNode.Parse(resolvedJson)!;
        foreach (var value in Fields.SelectMany(field => Values(root, field)).ToList())
            if (replacements.TryGetValue(value.GetValue<string>(), out var other)) value.ReplaceWith(other);
        return root.ToJsonString();
    }

    private static IEnumerable<JsonValue> Values(JsonNode? node, ReadOnlyMemory<string> field)
    {
        if (field.IsEmpty) return node is JsonValue value && value.TryGetValue(out string? path) && !BlobReference.Is(path)
            && !HubName.Is(path) ? [value] : [];
        var (name, rest) = (field.Span[0], field[1..]);
        return (node, name) switch
        {
            (JsonObject all, "*") => all.SelectMany(entry => Values(entry.Value, rest)),
            (JsonArray all, "*") => all.SelectMany(entry => Values(entry, rest)),
            (JsonObject all, _) when all.TryGetPropertyValue(name, out var inner) => Values(inner, rest),
            _ => [],
        };
    }
}
