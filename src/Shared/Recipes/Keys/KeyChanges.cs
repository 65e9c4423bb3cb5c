using System.Text.Json;

namespace R1Cloud.Shared.Recipes.Keys;

/// <summary>Why a stage's key is not what it was.</summary>
public static class KeyChanges
{
    /// <summary>
    /// Fields of two <see cref="StageKey.Basis"/> that differ, as paths such as <c>sampling.temperature</c>; inputs are left out.
    /// </summary>
    public static IReadOnlyList<string> Between(JsonElement before, JsonElement now)
    {
        var changes = new List<string>();
        foreach (var field in Names(before, now).Where(field => field != "inputs"))
            Compare(field == "settings" ? "" : field, Get(before, field), Get(now, field), changes);
        return changes;
    }

    private static void Compare(string path, JsonElement? before, JsonElement? now, List<string> changes)
    {
        if (before is { } old && now is { } current)
        {
            if (JsonElement.DeepEquals(old, current)) return;
            if (old.ValueKind == JsonValueKind.Object && current.ValueKind == JsonValueKind.Object)
            {
                foreach (var field in Names(old, current))
                    Compare(path.Length == 0 ? field : $"{path}.{field}", Get(old, field), Get(current, field), changes);
                return;
            }
        }
        changes.Add(path);
    }

    private static IEnumerable<string> Names(JsonElement before, JsonElement now) =>
        before.EnumerateObject().Concat(now.EnumerateObject()).Select(field => field.Name).Distinct().Order(StringComparer.Ordinal);

    private static JsonElement? Get(JsonElement holder, string field) => holder.TryGetProperty(field, out var value) ? value : null;
}
