using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.Tokenizers.Chat;

/// <summary>The texts within JSON.</summary>
internal static class JsonTexts
{
    /// <summary>All of them, names of fields left out.</summary>
    public static IEnumerable<string> Of(IEnumerable<JsonNode?> nodes) => nodes.SelectMany(node => node switch
    {
        JsonObject value => Of(value.Select(field => field.Value)),
        JsonArray items => Of(items),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        _ => [],
    });

    /// <summary>The same JSON with other texts.</summary>
    public static JsonNode? Map(JsonNode? node, Func<string, string> map) => node switch
    {
        JsonObject value => new JsonObject(value.Select(field => KeyValuePair.Create(field.Key, Map(field.Value, map)))),
        JsonArray items => new JsonArray([.. items.Select(item => Map(item, map))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => JsonValue.Create(map(value.GetValue<string>())),
        _ => node?.DeepClone(),
    };
}
