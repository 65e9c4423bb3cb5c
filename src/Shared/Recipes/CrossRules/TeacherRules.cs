namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of a teacher: who it is, and that it and its student have the same tokens.</summary>
internal static class TeacherRules
{
    public static void Check(RecipeCrossRules rules, string path, string name, RlStage stage, TeacherRecipe teacher, string from)
    {
        rules.CheckFrom($"{path}.teacher.from", name, teacher.From);
        var sampling = stage.Sampling;
        const string whole = " with a teacher: a token that is cut off has no probability to compare";
        rules.Require(sampling.TopP == 1, $"{path}.sampling.topP", sampling.TopP, "1" + whole, involved: $"{path}.teacher");
        rules.Require(sampling.TopK == 0, $"{path}.sampling.topK", sampling.TopK, "0" + whole, involved: $"{path}.teacher");
        rules.Require(sampling.MinP == 0, $"{path}.sampling.minP", sampling.MinP, "0" + whole, involved: $"{path}.teacher");
        if (rules.ModelOf(name)?.Vocabulary is not { Characters: { } own } student
            || rules.ModelOf(teacher.From)?.Vocabulary is not { Characters: { } others } model) return;
        // A pretrained model's tokens are the characters of its tasks in their order.
        rules.Require(Tokens(own).SequenceEqual(Tokens(others)), $"{path}.teacher.from", teacher.From,
            $"a model with the student's tokens: {student.Stage} is pretrained on {student.Tasks}, {model.Stage} on {model.Tasks}",
            involved: [from, $"stages.{student.Stage}", $"stages.{model.Stage}"]);
    }

    private static IEnumerable<char> Tokens(string characters) => characters.Distinct();
}
