using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>
/// A validator for the part of JSON Schema that the recipe schema uses. It throws on any keyword that it does not know, so the schema
/// cannot begin to rely on something that nobody checks. (NJsonSchema passes over const, if/then and propertyNames.)
/// </summary>
internal static class MiniSchema
{
    private static readonly string[] Notes = ["$schema", "title", "description", "default", "then", "format", "$defs"];

    public static bool Allows(JsonObject schema, JsonNode? value) =>
        schema.All(keyword => Holds(schema, keyword.Key, keyword.Value!, value));

    /// <summary>The schema with every reference's definition in its place.</summary>
    public static JsonObject WithoutReferences(JsonObject schema)
    {
        var whole = schema.ContainsKey("$ref") ? WithoutReferences(Definition(schema, schema["$ref"]!)) : [];
        foreach (var (keyword, rule) in schema.Where(keyword => keyword.Key is not "$ref" and not "$defs"))
            whole[keyword] = Inner(rule);
        return whole;

        static JsonNode? Inner(JsonNode? rule) => rule switch
        {
            JsonObject inner => WithoutReferences(inner),
            JsonArray list => new JsonArray([.. list.Select(Inner)]),
            _ => rule?.DeepClone(),
        };
    }

    private static JsonObject Definition(JsonObject schema, JsonNode reference) =>
        (schema.Root["$defs"]![((string)reference!)["#/$defs/".Length..]] ?? throw new NotSupportedException($"{reference} is nowhere."))
            .AsObject();

    private static bool Holds(JsonObject schema, string keyword, JsonNode rule, JsonNode? value) => keyword switch
    {
        _ when Notes.Contains(keyword) => true,
        _ when rule is JsonArray { Count: 0 } => throw new NotSupportedException($"Schema keyword {keyword} with an empty list."),
        "$ref" => Allows(Definition(schema, rule), value),
        "type" => (rule is JsonArray types ? types.Select(t => (string)t!) : [(string)rule!]).Any(type => IsOf(type, value)),
        "enum" => rule.AsArray().Any(item => JsonNode.DeepEquals(item, value)),
        "const" => JsonNode.DeepEquals(rule, value),
        "not" => !Allows(rule.AsObject(), value),
        "if" => !Allows(rule.AsObject(), value) || Allows(schema["then"]!.AsObject(), value),
        "anyOf" => rule.AsArray().Any(item => Allows(item!.AsObject(), value)),
        "allOf" => rule.AsArray().All(item => Allows(item!.AsObject(), value)),
        "minimum" => Number(value) is not { } n || n >= (double)rule,
        "maximum" => Number(value) is not { } n || n <= (double)rule,
        "exclusiveMinimum" => Number(value) is not { } n || n > (double)rule,
        "exclusiveMaximum" => Number(value) is not { } n || n < (double)rule,
        "pattern" => Text(value) is not { } text || Regex.IsMatch(text, (string)rule!),
        "maxLength" => Text(value) is not { } text || text.Length <= (int)rule,
        "minItems" => value is not JsonArray a || a.Count >= (int)rule,
        "items" => value is not JsonArray a || a.All(item => Allows(rule.AsObject(), item)),
        "required" => value is not JsonObject o || rule.AsArray().All(name => o.ContainsKey((string)name!)),
        "minProperties" => value is not JsonObject o || o.Count >= (int)rule,
        "propertyNames" => value is not JsonObject o || o.All(member => Allows(rule.AsObject(), member.Key)),
        "properties" =>
            value is not JsonObject o
            || rule.AsObject().All(p => !o.TryGetPropertyValue(p.Key, out var member) || Allows(p.Value!.AsObject(), member)),
        "additionalProperties" => value is not JsonObject o || o.Where(member => schema["properties"]?[member.Key] is null)
            .All(member => rule is JsonObject entry && Allows(entry, member.Value)),
        _ => throw new NotSupportedException($"Schema keyword {keyword}."),
    };

    private static bool IsOf(string type, JsonNode? value) => (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String)
            or ("number", JsonValueKind.Number)
            or ("boolean", JsonValueKind.True or JsonValueKind.False) or ("null", JsonValueKind.Null) => true,
        ("integer", JsonValueKind.Number) => Number(value) is { } n && Math.Floor(n) == n,
        _ => false,
    };

    private static double? Number(JsonNode? value) => value?.GetValueKind() == JsonValueKind.Number ? value.GetValue<double>() : null;

    private static string? Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
