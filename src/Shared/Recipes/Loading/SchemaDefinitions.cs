using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Shapes;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>Where in a recipe a value stands.</summary>
/// <param name="Owner">The record.</param>
/// <param name="Field">Its field.</param>
internal sealed record SchemaPlace(Type Owner, RecipeField Field);

/// <summary>
/// The schema's <c>$defs</c>: one for each record, named as the record. Defaults depend on the place (a learning rate is not the same in
/// pretraining as in reinforcement learning): where they differ from those of the record's first place, the definition is named
/// <c>Record.Owner.field</c>. A definition has no type: some editors let it overwrite what stands beside the reference, and whether null
/// is allowed depends on the place too.
/// </summary>
internal sealed class SchemaDefinitions
{
    private readonly Dictionary<string, JsonObject> definitions = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, List<string>> names = [];

    /// <summary>Adds what a record is at a place, unless it is there already.</summary>
    /// <returns>What <c>$ref</c> says.</returns>
    public string Add(Type record, SchemaPlace place, JsonObject definition)
    {
        var known = names.TryGetValue(record, out var list) ? list : names[record] = [];
        var name = known.Find(name => JsonNode.DeepEquals(definitions[name], definition));
        if (name is null)
        {
            known.Add(name = known.Count == 0 ? record.Name : $"{record.Name}.{place.Owner.Name}.{place.Field.Name}");
            definitions.Add(name, definition);
        }
        return $"#/$defs/{name}";
    }

    /// <summary>The definitions by name.</summary>
    public JsonObject ToJson() => new(definitions.OrderBy(definition => definition.Key, StringComparer.Ordinal)
        .Select(definition => KeyValuePair.Create(definition.Key, (JsonNode?)definition.Value)));
}
