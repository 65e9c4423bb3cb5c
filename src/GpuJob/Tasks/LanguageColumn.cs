using System.Collections.Frozen;
using System.Text.Json;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>
/// The column <c>language</c> of problems that are asked in several languages: what language rewards and filters may take their target
/// from.
/// </summary>
internal static class LanguageColumn
{
    /// <summary>Its name.</summary>
    public const string Name = "language";

    private static readonly FrozenDictionary<TaskLanguage, FrozenDictionary<string, JsonElement>> Columns = Enum.GetValues<TaskLanguage>()
        .ToFrozenDictionary(
        language => language,
        language => new Dictionary<string, JsonElement> { [Name] = JsonSerializer.SerializeToElement(Code(language)) }
            .ToFrozenDictionary(StringComparer.Ordinal));

    /// <summary>A language's ISO 639-1 code.</summary>
    public static string Code(TaskLanguage language) => language.ToString().ToLowerInvariant();

    /// <summary>A problem's columns when language is all it has.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Of(TaskLanguage language) => Columns[language];

    /// <summary>The language of a code that a problem's id begins with, and the rest of the id: <c>en:7+8+4</c>.</summary>
    public static (TaskLanguage Language, string Problem) Split(string id)
    {
        var colon = id.IndexOf(':', StringComparison.Ordinal);
        return (Enum.Parse<TaskLanguage>(id[..colon], ignoreCase: true), id[(colon + 1)..]);
    }
}
