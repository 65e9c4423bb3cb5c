using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics;

/// <summary>
/// Reads <see cref="MathOptions"/> from JSON: by their own names in camel case, and by the names that public checkers use for the same
/// policies.
/// </summary>
internal static class MathOptionsJson
{
    private const double MostRelative = MathOptions.MostRelativeTolerance, MostAbsolute = MathOptions.MostAbsoluteTolerance;

    private static readonly HashSet<string> CommaLanguages = new(StringComparer.OrdinalIgnoreCase)
    {
        "french", "german", "spanish", "italian", "portuguese", "dutch", "russian", "ukrainian", "polish", "czech", "swedish", "turkish",
            "vietnamese", "indonesian", "danish", "norwegian", "finnish", "greek", "romanian", "hungarian", "bulgarian", "croatian",
            "serbian",
    };

    private static readonly Dictionary<string, Func<MathOptions, JsonElement, MathOptions>> Readers = new(StringComparer.Ordinal)
    {
        ["sources"] = (options, value) => options with { Sources = [.. value.EnumerateArray().Select(Enumerated<AnswerSource>)] },
        ["markedAfterThinking"] = (options, value) => options with { MarkedAfterThinking = value.GetBoolean() },
        ["kind"] = (options, value) => options with { Kind = Enumerated<AnswerKind>(value) },
        ["decimalPlaces"] = (options, value) => options with { DecimalPlaces = Within(value, 0, 15) },
        ["relativeTolerance"] = (options, value) =>
            options with { RelativeTolerance = value.ValueKind == JsonValueKind.Null ? null : Tolerance(value, MostRelative) },
        ["percent"] = (options, value) => options with { Percent = Enumerated<PercentPolicy>(value) },
        ["decimalComma"] = (options, value) => options with { DecimalComma = value.GetBoolean() },
        ["listOrder"] = (options, value) => options with { ListOrder = value.GetBoolean() },
        ["requireUnits"] = (options, value) => options with { RequireUnits = value.GetBoolean() },
        ["impliedBase"] = (options, value) => options with { ImpliedBase = value.GetBoolean() },
        ["setAgainstRelation"] = (options, value) => options with { SetAgainstRelation = Enumerated<SetRelationPolicy>(value) },
        ["absoluteTolerance"] = (options, value) => options with { AbsoluteTolerance = value.ValueKind == JsonValueKind.Null ? null
            : Tolerance(value, MostAbsolute) },
        ["maxSteps"] = (options, value) => options with { MaxSteps = Within(value, 1000, 1_000_000) },
        // Math-Verify, lighteval, and the graders that descend from PRM800K.
        ["match_types"] = (options, value) =>
            value.ToString().Contains("NativeLetters", StringComparison.Ordinal) ? options with { Kind = AnswerKind.Choice } : options,
        ["precision"] = (options, value) => options with { DecimalPlaces = Within(value, 0, 15) },
        ["float_rounding"] = (options, value) => options with { DecimalPlaces = Within(value, 0, 15) },
        ["language"] = (options, value) => options with { DecimalComma = CommaLanguages.Contains(value.GetString() ?? "") },
        ["allow_set_relation_comp"] = (options, value) =>
            value.GetBoolean() ? options with { SetAgainstRelation = SetRelationPolicy.Always } : options,
        ["include_percentage"] = (options, value) =>
            options with { Percent = value.GetBoolean() ? PercentPolicy.AnyScale : PercentPolicy.Hundredth },
        ["rel_tol"] = (options, value) => options with { RelativeTolerance = Tolerance(value, MostRelative) },
        ["abs_tol"] = (options, value) => options with { AbsoluteTolerance = Tolerance(value, MostAbsolute) },
    };

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Readers.Keys;

    /// <summary>Reads options on top of others.</summary>
    /// <param name="options">What is not said stays as here.</param>
    /// <param name="json">An object.</param>
    /// <exception cref="BadInputException">A name is no option, or a value none of its option.</exception>
    public static MathOptions Read(MathOptions options, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new BadInputException($"options: {json} is not an object.");
        foreach (var property in json.EnumerateObject())
        {
            if (!Readers.TryGetValue(property.Name, out var reader))
            {
                throw new BadInputException(
                    $"options: '{property.Name}' is no option of accuracy/math{(property.Name == "timeLimitMs" ? " any more: maxSteps "
                        + "takes its place" : "")}. Known: {string.Join(", ", Names)}.");
            }
            try
            {
                options = reader(options, property.Value);
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException)
            {
                throw new BadInputException(
                    $"options.{property.Name}: {property.Value.GetRawText()} is not a value of this option. {e.Message}", e);
            }
        }
        return options;
    }

    private static T Enumerated<T>(JsonElement value)
        where T : struct, Enum =>
        value.ValueKind == JsonValueKind.String && Enum.TryParse<T>(value.GetString(), ignoreCase: true, out var parsed)
            && Enum.IsDefined(parsed)
            ? parsed
            : throw new FormatException(
                $"Allowed: {string.Join(", ", Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName))}.");

    private static int Within(JsonElement value, int low, int high) =>
        value.TryGetInt32(out var number) && number >= low && number <= high
            ? number : throw new FormatException($"Allowed: {low} to {high}.");

    private static double Tolerance(JsonElement value, double most) =>
        value.TryGetDouble(out var number) && number >= 0 && number <= most ? number
            : throw new FormatException(System.FormattableString.Invariant($"Allowed: 0 to {most}."));
}
