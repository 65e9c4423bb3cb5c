using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Shapes;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>
/// The JSON Schema of a recipe file, generated from the records: what editors complete and underline. The loader is stricter: a schema
/// cannot see what a preset brings, nor the rules between fields. Where a file extends another nothing is required, and null takes
/// away what is inherited. Each record is a definition, which the places that hold one refer to.
/// </summary>
public static class RecipeSchema
{
    private static readonly JsonSerializerOptions Readable = new(R1Json.Indented) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n" };

    /// <summary>The schema (draft 2020-12), as it is committed in <c>recipes/recipe.schema.json</c>.</summary>
    /// <exception cref="FileNotFoundException">The assembly's XML documentation, the source of the descriptions, is not beside
    /// it.</exception>
    public static string Generate()
    {
        var docs = XmlDocs.Load();
        var definitions = new SchemaDefinitions();
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "R1 Cloud recipe",
            ["description"] = docs.Of(typeof(Recipe)),
            ["type"] = "object",
            ["properties"] = Properties(docs, definitions, RecipeShape.Recipe, null, new JsonObject
            {
                ["$schema"] = new JsonObject { ["type"] = "string", ["description"] = "Where editors find this schema." },
                ["extends"] = new JsonObject
                {
                    ["description"] =
                        $"What this recipe builds on: a preset ({string.Join(", ", RecipePresets.Names)}), or a recipe's path beginning "
                        + $"with ./ or ../",
                    ["anyOf"] = new JsonArray(
                        new JsonObject { ["enum"] = Array(RecipePresets.Names) },
                        new JsonObject { ["type"] = "string", ["pattern"] = "^\\.{1,2}/" },
                        new JsonObject { ["type"] = "null" }),
                },
            }),
            ["additionalProperties"] = false,
            ["if"] = new JsonObject { ["not"] = new JsonObject { ["required"] = new JsonArray("extends") } },
            ["then"] = Requirements(RecipeShape.Recipe, null),
        };
        schema["$defs"] = definitions.ToJson();
        return schema.ToJsonString(Readable) + "\n";
    }

    private static JsonObject Properties(XmlDocs docs, SchemaDefinitions definitions, ObjectShape shape, object? given,
        JsonObject properties)
    {
        var defaults = given ?? shape.Defaults();
        foreach (var field in shape.Fields)
        {
            var value = field.Property.GetValue(defaults);
            var required = field.Required && given is null;
            var schema = new JsonObject { ["description"] = docs.Of(field.Property) };
            Describe(docs, definitions, schema, new(shape.Type, field), field.Shape, value);
            if (value is not null && !required && field.Shape is ScalarShape or EnumShape or ListShape)
                schema["default"] = JsonSerializer.SerializeToNode(value, R1Json.Options);
            if (!required) AllowNull(schema);
            properties[field.Name] = schema;
        }
        foreach (var (name, because) in shape.Lacks) properties[name] = new JsonObject { ["description"] = because, ["type"] = "null" };
        return properties;
    }

    private static void Describe(XmlDocs docs, SchemaDefinitions definitions, JsonObject schema, SchemaPlace place, RecipeShape shape,
        object? value)
    {
        switch (shape)
        {
            case ObjectShape record:
                schema["type"] = "object";
                schema["$ref"] = definitions.Add(record.Type, place, new JsonObject
                {
                    ["properties"] = Properties(docs, definitions, record, value, []),
                    ["additionalProperties"] = false,
                });
                break;
            case UnionShape union:
                schema["type"] = "object";
                schema["properties"] = new JsonObject {
                    [union.Discriminator] = new JsonObject { ["description"] = docs.Of(union.Type), ["enum"] = Array(union.Kinds.Keys) } };
                schema["anyOf"] = new JsonArray(
                    [.. union.Kinds.Select(kind => KindOf(docs, definitions, place, union, kind.Key, kind.Value))]);
                break;
            case MapShape map:
                schema["type"] = "object";
                if (map.Value is RewardShape rewards)
                {
                    schema["$ref"] = definitions.Add(typeof(RewardRecipe), place, new JsonObject
                    {
                        ["properties"] = new JsonObject(rewards.ByName.Select(reward =>
                            KeyValuePair.Create(reward.Key, (JsonNode?)RewardOf(docs, definitions, reward.Value)))),
                        ["additionalProperties"] = false,
                    });
                    break;
                }
                if (place.Field.NameRules.Count > 0) Rules(schema["propertyNames"] = new JsonObject(), place.Field.NameRules);
                var entry = new JsonObject();
                Describe(docs, definitions, entry, place, map.Value, null);
                AllowNull(entry);
                schema["additionalProperties"] = entry;
                break;
            case ListShape list:
                schema["type"] = "array";
                if (list.NotEmpty) schema["minItems"] = 1;
                var item = new JsonObject();
                Describe(docs, definitions, item, place, list.Item, null);
                schema["items"] = item;
                break;
            case EnumShape names:
                schema["enum"] = Array(names.Names);
                break;
            case ScalarShape scalar:
                schema["type"] =
                    scalar.Type switch { ScalarKind.Text => "string", ScalarKind.Flag => "boolean", ScalarKind.Whole => "integer",
                        _ => "number" };
                Rules(schema, place.Field.Rules);
                break;
        }
    }

    private static JsonObject RewardOf(XmlDocs docs, SchemaDefinitions definitions, RewardEntryShape reward) => new()
    {
        ["description"] = docs.Of(reward.Options.Type),
        ["type"] = new JsonArray("number", "object", "null"),
        ["properties"] = Properties(docs, definitions, reward.LongForm, null, []),
        ["additionalProperties"] = false,
    };

    private static JsonObject KindOf(XmlDocs docs, SchemaDefinitions definitions, SchemaPlace place, UnionShape union, string kind,
        ObjectShape record) => new()
    {
        ["$ref"] = definitions.Add(record.Type, place, new JsonObject
        {
            ["title"] = kind,
            ["description"] = docs.Of(record.Type),
            ["properties"] =
                Properties(docs, definitions, record, null,
                    new JsonObject { [union.Discriminator] = new JsonObject { ["const"] = kind } }),
            ["additionalProperties"] = false,
        }),
    };

    // What must be there in a file that extends nothing, as a schema of its own; null when nothing must.
    private static JsonObject? Requirements(RecipeShape shape, object? given)
    {
        if (shape is MapShape map)
        {
            var entries = map.NotEmpty ? new JsonObject { ["minProperties"] = 1 } : [];
            if (Requirements(map.Value, null) is { } entry) entries["additionalProperties"] = entry;
            return entries.Count > 0 ? entries : null;
        }
        if (shape is UnionShape union)
        {
            var needs = union.Kinds.Select(kind => (kind.Key, Needs: Requirements(kind.Value, null))).Where(kind => kind.Needs is not null)
                .Select(kind => new JsonObject
            {
                ["if"] = new JsonObject {
                    ["properties"] = new JsonObject { [union.Discriminator] = new JsonObject { ["const"] = kind.Key } } },
                ["then"] = kind.Needs,
            }).ToArray<JsonNode>();
            var kinds = new JsonObject { ["required"] = new JsonArray(union.Discriminator) };
            if (needs.Length > 0) kinds["allOf"] = new JsonArray(needs); // an empty list is no schema
            return kinds;
        }
        if (shape is not ObjectShape record) return null;
        var defaults = given ?? record.Defaults();
        var required = record.Fields.Where(field => field.Required && given is null).Select(field => field.Name).ToList();
        var inner = record.Fields.Select(field =>
            KeyValuePair.Create(field.Name, (JsonNode?)Requirements(field.Shape, field.Property.GetValue(defaults))))
            .Where(field => field.Value is not null).ToList();
        if (required.Count == 0 && inner.Count == 0 && record.Either is null) return null;
        var schema = new JsonObject();
        if (record.Either is { } either) schema["anyOf"] = new JsonArray(Given(record, either.Fields), Given(record, [either.Other]));
        if (required.Count > 0) schema["required"] = Array(required);
        if (inner.Count > 0) schema["properties"] = new JsonObject(inner);
        return schema;
    }

    private static JsonObject Given(ObjectShape record, IReadOnlyList<string> fields) => new()
    {
        ["required"] = Array(fields),
        ["properties"] = new JsonObject(record.Fields.Where(field => fields.Contains(field.Name) && field.Shape is MapShape)
            .Select(field => KeyValuePair.Create(field.Name, (JsonNode?)new JsonObject { ["minProperties"] = 1 }))),
    };

    private static void Rules(JsonNode schema, IEnumerable<RecipeRuleAttribute> rules)
    {
        foreach (var rule in rules) rule.Describe(schema.AsObject());
    }

    private static void AllowNull(JsonObject schema)
    {
        if (schema["enum"] is JsonArray names) names.Add((JsonNode?)null);
        if (schema["type"] is JsonValue type) schema["type"] = new JsonArray((string)type!, "null");
    }

    private static JsonArray Array(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);
}
