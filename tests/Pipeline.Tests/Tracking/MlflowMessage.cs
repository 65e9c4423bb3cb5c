using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>What a field of a message holds.</summary>
internal enum MlflowKind
{
    Text,
    Whole,
    Real,
    Choice,
    Texts,
    Entries,
}

/// <summary>A field of a message.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="IsRequired">Whether the call is refused without it.</param>
/// <param name="Of">The fields of its entries, or the names that it may have.</param>
internal sealed record MlflowField(string Name, MlflowKind Kind, bool IsRequired = false, IReadOnlyList<MlflowField>? Of = null,
    IReadOnlyList<string>? Choices = null);

/// <summary>
/// A body as the recorded server reads it: as Python reads JSON, bare NaN included, and then into a message field by field. A value that
/// does not fit its field ends the reading there; what came before stays, the rest is lost without a word.
/// </summary>
internal sealed class MlflowMessage
{
    private MlflowMessage(JsonObject raw, JsonObject read, bool isWhole) => (Raw, Read, IsWhole) = (raw, read, isWhole);

    /// <summary>The JSON.</summary>
    public JsonObject Raw { get; }

    /// <summary>What was read of it.</summary>
    public JsonObject Read { get; }

    /// <summary>Whether all of it was read.</summary>
    public bool IsWhole { get; }

    /// <summary>Reads.</summary>
    /// <returns>Null where it is no JSON object.</returns>
    public static MlflowMessage? Of(string text, IReadOnlyList<MlflowField> fields)
    {
        try
        {
            // Numbers too large for a double are what Python makes of them: no finite value.
            var json = Regex.Replace(text.TrimStart('\uFEFF'), """("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b""",
                match => match.Groups[1].Success ? match.Value : "1e999", RegexOptions.NonBacktracking);
            if (JsonNode.Parse(json) is not JsonObject raw) return null;
            var read = new JsonObject();
            return new(raw, read, Into(read, raw, fields));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The field for which the call is refused, if any: one that is missing or, where reading failed, of another type.</summary>
    public string? Refused(IReadOnlyList<MlflowField> fields, string path = "")
    {
        foreach (var field in fields)
        {
            var value = Raw[field.Name] ?? (field.Name == "run_id" ? Raw["run_uuid"] : null);
            if (field.IsRequired && IsMissing(value)) return path + field.Name;
            if (value is null) continue;
            if (!IsWhole && !IsOfType(value, field.Kind)) return path + field.Name;
            if (field.Kind != MlflowKind.Entries || value is not JsonArray entries) continue;
            for (var place = 0; place < entries.Count; place++)
            {
                foreach (var own in field.Of!.Where(own => own.IsRequired))
                    if (IsMissing(entries[place]?[own.Name])) return $"{path}{field.Name}[{place}].{own.Name}";
            }
        }
        return null;
    }

    private static bool IsMissing(JsonNode? value) =>
        value is null || (value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().Length == 0);

    private static bool IsOfType(JsonNode value, MlflowKind kind) => kind switch
    {
        MlflowKind.Text or MlflowKind.Choice => value.GetValueKind() == JsonValueKind.String,
        MlflowKind.Texts or MlflowKind.Entries => value is JsonArray,
        MlflowKind.Whole => WholeOf(value) is not null,
        _ => true,
    };

    private static bool Into(JsonObject read, JsonObject raw, IReadOnlyList<MlflowField> fields)
    {
        foreach (var (name, value) in raw)
        {
            if (value is null || fields.FirstOrDefault(field => field.Name == name) is not { } field) continue;
            switch (field.Kind)
            {
                case MlflowKind.Text when value.GetValueKind() == JsonValueKind.String:
                    read[name] = value.GetValue<string>();
                    break;
                case MlflowKind.Whole when WholeOf(value) is { } whole:
                    read[name] = whole;
                    break;
                case MlflowKind.Real when RealOf(value) is { } real:
                    read[name] = real;
                    break;
                case MlflowKind.Choice when value.GetValueKind() is JsonValueKind.String or JsonValueKind.Number:
                    if (ChoiceOf(value, field.Choices!) is { } choice) read[name] = choice;
                    break;
                case MlflowKind.Texts when value is JsonArray texts
                    && texts.All(text => text?.GetValueKind() == JsonValueKind.String):
                    read[name] = texts.DeepClone();
                    break;
                case MlflowKind.Entries when value is JsonArray entries:
                    var list = new JsonArray();
                    read[name] = list;
                    foreach (var entry in entries)
                    {
                        var made = new JsonObject();
                        list.Add(made);
                        if (entry is not JsonObject own || !Into(made, own, field.Of!)) return false;
                    }
                    break;
                default:
                    return false;
            }
        }
        return true;
    }

    private static long? WholeOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Number when long.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var whole) => whole,
        JsonValueKind.Number when value.GetValue<double>() is var real && double.IsInteger(real) && Math.Abs(real) < long.MaxValue =>
            (long)real,
        JsonValueKind.String when long.TryParse(value.GetValue<string>(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out var whole) => whole,
        _ => null,
    };

    private static double? RealOf(JsonNode value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.True or JsonValueKind.False:
                return value.GetValueKind() == JsonValueKind.True ? 1 : 0;
            case JsonValueKind.Number:
                return double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) is var real && double.IsFinite(real) ? real : null;
            case JsonValueKind.String:
                var text = value.GetValue<string>();
                return text switch
                {
                    "NaN" => double.NaN,
                    "Infinity" or "inf" => double.PositiveInfinity,
                    "-Infinity" or "-inf" => double.NegativeInfinity,
                    _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed)
                        && double.IsFinite(parsed) ? parsed : null,
                };
            default:
                return null;
        }
    }

    // A name that it does not know is ignored.
    private static string? ChoiceOf(JsonNode value, IReadOnlyList<string> choices) => value.GetValueKind() == JsonValueKind.String
        ? choices.FirstOrDefault(choice => choice == value.GetValue<string>()) : choices.ElementAtOrDefault(value.GetValue<int>() - 1);
}
