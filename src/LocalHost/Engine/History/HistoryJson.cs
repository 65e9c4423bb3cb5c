using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Engine.History;

/// <summary>Values on their way into and out of a history.</summary>
internal static class HistoryJson
{
    // An event wraps a value that may itself be as deep as the contracts allow.
    private static readonly JsonSerializerOptions Stored = new(R1Json.Options) { MaxDepth = 2 * 64 };

    /// <summary>JSON null.</summary>
    public static JsonElement Null { get; } = JsonSerializer.SerializeToElement<object?>(null);

    /// <summary>Writes a value by its runtime type.</summary>
    public static JsonElement From(object? value) => JsonSerializer.SerializeToElement(value, R1Json.Options);

    /// <summary>Reads a value; JSON null gives the default.</summary>
    public static T? Read<T>(JsonElement value) =>
        value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? default : value.Deserialize<T>(R1Json.Options);

    /// <summary>A stored column's value.</summary>
    public static T Parse<T>(string text) => JsonSerializer.Deserialize<T>(text, Stored)!;

    /// <summary>A column's text.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Stored);
}
