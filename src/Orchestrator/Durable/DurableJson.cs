using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>Values on their way through Durable Task: as JSON elements, which every converter passes through unchanged.</summary>
internal static class DurableJson
{
    /// <summary>JSON's null.</summary>
    public static JsonElement Null { get; } = JsonSerializer.SerializeToElement<object?>(null);

    /// <summary>A value by the product's conventions; null for none, which Durable Task does not store.</summary>
    public static JsonElement? Element(object? value) =>
        value is null ? null : JsonSerializer.SerializeToElement(value, value.GetType(), R1Json.Options);

    /// <summary>A value that came back.</summary>
    public static T? Read<T>(JsonElement? element) =>
        element is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } value
            ? value.Deserialize<T>(R1Json.Options) : default;

    /// <summary>What Durable Task stored: JSON, or plain text where it wrote a reason or an error itself.</summary>
    public static JsonElement? Parse(string? stored)
    {
        if (string.IsNullOrEmpty(stored)) return null;
        try
        {
            var element = JsonSerializer.Deserialize<JsonElement>(stored, R1Json.Options);
            return element.ValueKind is JsonValueKind.Null ? null : element;
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(stored);
        }
    }
}
