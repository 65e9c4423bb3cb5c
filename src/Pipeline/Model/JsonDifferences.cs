using System.Globalization;
using System.Text.Json;

namespace R1Cloud.Pipeline.Model;

/// <summary>Where two JSON values differ.</summary>
internal static class JsonDifferences
{
    /// <summary>
    /// The differences in the order of the first value, then what the other alone has. Objects are gone into where both have them, arrays
    /// where they are of equal length.
    /// </summary>
    public static IEnumerable<RecipeDifference> Of(JsonElement from, JsonElement to, string path = "")
    {
        if (JsonElement.DeepEquals(from, to)) return [];
        return (from.ValueKind, to.ValueKind) switch
        {
            (JsonValueKind.Object, JsonValueKind.Object) => OfObjects(from, to, path),
            (JsonValueKind.Array, JsonValueKind.Array) when from.GetArrayLength() == to.GetArrayLength() => OfArrays(from, to, path),
            _ => [new(path, from, to)],
        };
    }

    private static IEnumerable<RecipeDifference> OfObjects(JsonElement from, JsonElement to, string path)
    {
        foreach (var field in from.EnumerateObject())
        {
            var name = path.Length > 0 ? $"{path}.{field.Name}" : field.Name;
            if (!to.TryGetProperty(field.Name, out var other)) yield return new(name, field.Value, null);
            else foreach (var difference in Of(field.Value, other, name)) yield return difference;
        }
        foreach (var field in to.EnumerateObject())
        {
            if (!from.TryGetProperty(field.Name, out _))
                yield return new(path.Length > 0 ? $"{path}.{field.Name}" : field.Name, null, field.Value);
        }
    }

    private static IEnumerable<RecipeDifference> OfArrays(JsonElement from, JsonElement to, string path)
    {
        for (var i = 0; i < from.GetArrayLength(); i++)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            foreach (var difference in Of(from[i], to[i], place)) yield return difference;
        }
    }
}
