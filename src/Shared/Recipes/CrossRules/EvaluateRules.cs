namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of a stage that measures.</summary>
internal static class EvaluateRules
{
    public static void Check(RecipeCrossRules rules, string path, string name, EvaluateStage stage)
    {
        rules.CheckEvaluation($"{path}.evaluation", stage.Evaluation, rules.ModelOf(name));
        foreach (var (at, benchmark) in RecipeCrossRules.BenchmarksOf($"{path}.evaluation", stage.Evaluation))
            rules.CheckModelRewards($"{at}.rewards", benchmark.Rewards, rules.Before(name), earlier: true);
    }
}
