using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of controls: each once, none of a control, and only what changes something.</summary>
internal static class ControlRules
{
    public static void Check(RecipeCrossRules rules, string path, RlStage stage)
    {
        var controls = stage.Controls ?? [];
        var twice = controls.GroupBy(control => control).FirstOrDefault(group => group.Count() > 1);
        rules.Require(twice is null, $"{path}.controls", twice is null ? "" : RlStage.WordOf(twice.Key), "each control once");
        rules.Require(controls.Count == 0 || stage.Control is null, $"{path}.controls", "", "left out beside control: a control has none",
            involved: $"{path}.control");
        for (var place = 0; place < controls.Count; place++) CheckAnswers(rules, $"{path}.controls[{place}]", path, controls[place], stage);
        if (stage.Control is { } own) CheckAnswers(rules, $"{path}.control", path, own, stage);
    }

    private static void CheckAnswers(RecipeCrossRules rules, string at, string path, TrainingControl control, RlStage stage) =>
        rules.Require(control != TrainingControl.ShuffledAnswers
            || stage.PromptSources().Any(source => source.Source.Rewards.Any(LooksAtAnswers)), at, RlStage.WordOf(control),
            "another control, or an accuracy reward of some weight: no other one looks at answers",
            involved: [$"{path}.rewards", $"{path}.sources"]);

    private static bool LooksAtAnswers(KeyValuePair<string, RewardRecipe> reward) =>
        reward.Value.Weight != 0 && reward.Key.StartsWith("accuracy/", StringComparison.Ordinal);
}
