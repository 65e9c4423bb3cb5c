using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Modules as PEFT names them: a list of names, each whole or the end of one from a point on, or one expression for whole names.
/// Expressions come with adapters, from strangers: they are matched in time linear in the name.
/// </summary>
/// <param name="Names">The names, or the expression alone.</param>
/// <param name="IsExpression">Which of them.</param>
internal sealed record ModuleNames(IReadOnlyList<string> Names, bool IsExpression)
{
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private const int LongestPattern = 1000;

    /// <summary>Reads a field; null where it says nothing.</summary>
    /// <exception cref="BadInputException">It is neither names nor an expression.</exception>
    public static ModuleNames? Read(JsonNode? field, string name, ConfigFields fields)
    {
        const string Allowed = "a list of names of modules, or an expression for them";
        switch (field)
        {
            case null or JsonArray { Count: 0 }:
                return null;
            case JsonArray names when names.All(item => item is JsonValue value && value.TryGetValue<string>(out _)):
                return new([.. names.Select(item => item!.GetValue<string>())], false);
            case JsonValue value when value.TryGetValue<string>(out var text):
                CheckPattern(text, fields, name);
                return new([text], true);
            default:
                throw fields.Error(name, field.ToJsonString(), Allowed);
        }
    }

    /// <summary>Whether a module is among them.</summary>
    public bool Has(string module) => IsExpression ? Regex.IsMatch(module, $"^(?:{Names[0]})$", Linear) : HasOneOf(Names, module);

    /// <summary>Whether a module has one of some names: as a whole, or as its end from a point on.</summary>
    public static bool HasOneOf(IEnumerable<string> names, string module) =>
        names.Any(name => module == name || module.EndsWith("." + name, StringComparison.Ordinal));

    /// <summary>Whether an expression fits the end of a module's name from a point on.</summary>
    public static bool Fits(string pattern, string module) => Regex.IsMatch(module, $@"^(?:.*\.)?(?:{pattern})$", Linear);

    /// <summary>The number of the first expression that fits a module, or null.</summary>
    public static double? Find(IReadOnlyDictionary<string, double> patterns, string module)
    {
        foreach (var (pattern, number) in patterns)
        {
            if (Fits(pattern, module)) return number;
        }
        return null;
    }

    /// <summary>The layer that a module is in: the first whole number in its name; −1 for none.</summary>
    public static int LayerOf(string module) =>
        module.Split('.').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var layer) ? layer : -1)
            .FirstOrDefault(layer => layer >= 0, -1);

    /// <summary>Refuses what is not an expression, or one that cannot be matched in linear time.</summary>
    /// <exception cref="BadInputException">It is such a one.</exception>
    public static void CheckPattern(string pattern, ConfigFields fields, string? field = null)
    {
        try
        {
            if (pattern.Length > LongestPattern) throw new ArgumentException($"it has {pattern.Length} characters");
            _ = new Regex(pattern, Linear);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw fields.Error(
                field ?? pattern, "no regular expression that can be used",
                $"names of modules or expressions for them, without look-around and back-references ({error.Message})");
        }
    }
}
