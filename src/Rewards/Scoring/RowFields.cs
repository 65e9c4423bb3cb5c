using System.Globalization;
using System.Text.Json;

namespace R1Cloud.Rewards.Scoring;

/// <summary>Reads the columns of a completion's row.</summary>
internal static class RowFields
{
    /// <summary>The first of some columns that the row has, and its name; null when it has none of them.</summary>
    public static (string Name, JsonElement Value)? Find(this Completion completion, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (completion.Fields.TryGetValue(name, out var value)
                && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)) return (name, value);
        }
        return null;
    }

    /// <summary>Whole numbers in a list; null when the value is anything else.</summary>
    public static long[]? AsWholeNumbers(this JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) return null;
        var numbers = value.EnumerateArray().Select(item => item.AsWholeNumber()).ToArray();
        return numbers.All(number => number is not null) ? [.. numbers.Select(number => number!.Value)] : null;
    }

    /// <summary>A whole number, written as a number or as text; null when the value is anything else.</summary>
    public static long? AsWholeNumber(this JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt64(out var number) => number,
        JsonValueKind.Number when value.TryGetDouble(out var number) && Math.Floor(number) == number && Math.Abs(number) < 1e15 =>
            (long)number,
        JsonValueKind.String
            when long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    /// <summary>Texts in a list; null when the value is anything else.</summary>
    public static string[]? AsTexts(this JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : null;
}
