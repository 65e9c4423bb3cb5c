using System.Text.Json;
using System.Text.Json.Serialization;

namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>Reads and writes a map whose order has a meaning: entries keep the order of the document.</summary>
/// <typeparam name="T">What the map holds.</typeparam>
public sealed class OrderedMapConverter<T> : JsonConverter<IReadOnlyDictionary<string, T>>
{
    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<OrderedDictionary<string, T>>(ref reader, options)
            ?? throw new JsonException("A map is expected, not null.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, T> value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartObject();
        foreach (var (name, item) in value)
        {
            writer.WritePropertyName(name);
            JsonSerializer.Serialize(writer, item, options);
        }
        writer.WriteEndObject();
    }
}
