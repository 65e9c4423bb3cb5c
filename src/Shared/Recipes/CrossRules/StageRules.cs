namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules between the fields of a stage, by its kind: a new one that has some adds a line here.</summary>
internal static class StageRules
{
    private static readonly Dictionary<Type, Action<RecipeCrossRules, string, string, StageRecipe>> Known = new()
    {
        [typeof(PretrainStage)] = (rules, path, _, stage) => PretrainRules.Check(rules, path, (PretrainStage)stage),
        [typeof(RlStage)] = (rules, path, name, stage) => RlRules.Check(rules, path, name, (RlStage)stage),
        [typeof(CollectStage)] = (rules, path, name, stage) => SampleRules.Check(rules, path, name, (SampleStage)stage),
        [typeof(RejectionSampleStage)] = (rules, path, name, stage) => SampleRules.Check(rules, path, name, (SampleStage)stage),
        [typeof(SftStage)] = (rules, path, name, stage) => SupervisedRules.Check(rules, path, name, (SftStage)stage),
        [typeof(DistillStage)] = (rules, path, name, stage) => DistillRules.Check(rules, path, name, (DistillStage)stage),
        [typeof(RewardModelStage)] = (rules, path, name, stage) => RewardModelRules.Check(rules, path, name, (RewardModelStage)stage),
        [typeof(EvaluateStage)] = (rules, path, name, stage) => EvaluateRules.Check(rules, path, name, (EvaluateStage)stage),
    };

    /// <summary>Looks at a stage by the rules of its kind.</summary>
    /// <param name="rules">What they are checked with.</param>
    /// <param name="path">Where the stage stands, e.g. <c>stages.rl</c>.</param>
    /// <param name="name">The stage's name.</param>
    /// <param name="stage">The stage.</param>
    public static void Check(RecipeCrossRules rules, string path, string name, StageRecipe stage)
    {
        if (Known.TryGetValue(stage.GetType(), out var check)) check(rules, path, name, stage);
    }
}
