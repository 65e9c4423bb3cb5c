using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Model;

/// <summary>
/// Stages run one after another, but for a distillation's students, and a stage with its controls, which run side by side.
/// </summary>
internal static class SideBySide
{
    /// <summary>The names of a recipe's stages, in groups that run one after another.</summary>
    public static IEnumerable<IReadOnlyList<string>> Groups(IEnumerable<string> stages)
    {
        var group = new List<string>();
        foreach (var name in stages)
        {
            if (group.Count > 0 && ModelNames.StageOf(group[0]) != ModelNames.StageOf(name))
            {
                yield return group;
                group = [];
            }
            group.Add(name);
        }
        if (group.Count > 0) yield return group;
    }

    /// <summary>Where a run's time went, evaluations included: of a group only the slowest counts.</summary>
    public static TimeBreakdown Time(IReadOnlyDictionary<string, StageResult> results, IEnumerable<string> stages) => Groups(stages)
        .Select(group => group.Select(name => results[name].Time + (results[name].Evaluation?.Time ?? new())).MaxBy(time => time.Wall)!)
        .Aggregate(new TimeBreakdown(), (sum, time) => sum + time);
}
