using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>Distillation on policy: what a recipe may say of it, and what it is carried out as.</summary>
public sealed class OnPolicyRecipeTests
{
    private const string Distill = """
        "kind": "distill", "mode": "on-policy", "optimizer": { "learningRate": 1e-3, "schedule": "constant" },
        "onPolicy": { "teacher": { "from": "zero" }, "task": "add", "iterations": 5, "questions": 8, "sampling": { "maxNewTokens": 16 } },
        "students": { "small": { "from": "base" }, "fast": { "from": "base", "learningRate": 2e-3 } }
        """;

    [Fact]
    public void Expand_OnPolicy_IsAnRlStageAStudentWithTheTeacher()
    {
        var recipe = RecipeLoader.Parse(With(Distill), "good.json").Recipe.Expand();
        var (small, fast) = ((RlStage)recipe.Stages["distill/small"], (RlStage)recipe.Stages["distill/fast"]);
        (small.From, small.Task, small.Iterations, small.Questions, small.Rewards.Count).ShouldBe(("base", "add", 5, 8, 0));
        (small.Optimizer.LearningRate, fast.Optimizer.LearningRate).ShouldBe((1e-3, 2e-3));
        small.Teacher.ShouldBe(new() { From = "zero" });
        recipe.InputsOf("distill/small").ShouldBe(["base", "zero"]);
    }

    [Theory]
    [InlineData("\"mode\": \"on-policy\",", "", "stages.distill.mode", "on-policy beside onPolicy")]
    [InlineData("\"from\": \"zero\"", "\"from\": \"distill\"", "stages.distill.onPolicy.teacher.from", "base, zero")]
    [InlineData("\"maxNewTokens\": 16", "\"maxNewTokens\": 16, \"topP\": 0.9", "stages.distill.onPolicy.sampling.topP", "1 with a teacher")]
    [InlineData("\"maxNewTokens\": 16", "\"maxNewTokens\": 16, \"topK\": 5", "stages.distill.onPolicy.sampling.topK", "0 with a teacher")]
    [InlineData("\"questions\": 8", "\"questions\": 8, \"shards\": 9", "stages.distill.onPolicy.shards", "at most questions, 8")]
    [InlineData("\"task\": \"add\",", "", "stages.distill.onPolicy.task", "a string")]
    [InlineData("\"small\": { \"from\": \"base\"", "\"small\": { \"from\": \"base\", \"epochs\": 3", "stages.distill.students.small.epochs",
        "left out with onPolicy")]
    [InlineData("\"learningRate\": 1e-3,", "\"learningRate\": 1e-3, \"warmupSteps\": 6,", "stages.distill.optimizer.warmupSteps",
        "at most iterations, 5")]
    public void Parse_BadOnPolicy_NamesFieldAndWhatIsAllowed(string old, string bad, string path, string allowed)
    {
        var problems = RecipeSamples.Fails(With(Distill.Replace(old, bad, StringComparison.Ordinal))).Problems;
        problems.ShouldContain(problem => problem.Path == path && problem.Allowed.Contains(allowed, StringComparison.Ordinal),
            string.Join('\n', problems));
    }

    [Theory]
    [InlineData("\"from\": \"zero\"", "\"from\": \"zero\", \"beta\": 0.1", "stages.distill.onPolicy.teacher.beta", "read by jsd")]
    [InlineData("\"kind\": \"distill\"", "\"kind\": \"distill\", \"epochs\": 3", "stages.distill.epochs",
        "students learn from what they sample")]
    public void Parse_SettingThatOnPolicyDoesNotRead_IsRefused(string old, string bad, string path, string because)
    {
        var problem = RecipeSamples.Fails(With(Distill.Replace(old, bad, StringComparison.Ordinal))).Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Message).ShouldSatisfyAllConditions(it => it.Path.ShouldBe(path), it => it.Message.ShouldContain(because));
    }

    [Fact]
    public void Parse_TeacherOfOtherTokens_NamesBothVocabularies()
    {
        const string tasks = "\"tasks\": {";
        var json = With(Distill).Replace(tasks, tasks + "\"words\": { \"kind\": \"number-words\" },", StringComparison.Ordinal)
            .Replace("\"distill\": {", """
                "other": { "kind": "pretrain", "task": "words", "model": { "maxPositions": 160 } }, "distill": {
                """, StringComparison.Ordinal)
            .Replace("\"teacher\": { \"from\": \"zero\"", "\"teacher\": { \"from\": \"other\"", StringComparison.Ordinal);
        var problem = RecipeSamples.Fails(json).Problems.Single(problem => problem.Path == "stages.distill.onPolicy.teacher.from");
        problem.Allowed.ShouldContain("a model with the student's tokens: base is pretrained on add, other on words");
    }

    private static string With(string distill) =>
        RecipeSamples.Good.Insert(StagesEnd(), $", \"distill\": {{ {distill} }}");

    // Where the last stage's object ends.
    private static int StagesEnd()
    {
        var at = RecipeSamples.Good.IndexOf("\"stages\": {", StringComparison.Ordinal) + "\"stages\": {".Length;
        for (var depth = 1; ; at++)
        {
            if (RecipeSamples.Good[at] == '{') depth++;
            if (RecipeSamples.Good[at] == '}' && --depth == 0) return at;
        }
    }
}
