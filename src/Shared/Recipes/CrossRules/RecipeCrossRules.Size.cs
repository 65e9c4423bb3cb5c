using System.Globalization;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>How many stages fit into a run's status, which every host bounds.</summary>
internal sealed partial class RecipeCrossRules
{
    /// <summary>The characters that a run's status has for its stages; the rest is for its times and the texts of errors.</summary>
    public const int StatusCharacters = 6_700;

    /// <summary>What a stage takes besides its name: where it stands, its start and its end.</summary>
    public const int StageCharacters = 46;

    private void CheckStages()
    {
        var characters = stages.Keys.Sum(name => name.Length + StageCharacters);
        if (characters <= StatusCharacters || problems.Concern("stages")) return;
        var shown = string.Create(CultureInfo.InvariantCulture, $"{stages.Count} stages");
        problems.Add(tree.Find("stages").Node.At, "stages", shown, $"{shown} (each student is one) do not fit into a run's status",
            string.Create(CultureInfo.InvariantCulture,
            $"the lengths of their names and {StageCharacters} more for each come to {characters}, and at most {StatusCharacters} are allowed; a second run may import what the first has made"));
    }
}
