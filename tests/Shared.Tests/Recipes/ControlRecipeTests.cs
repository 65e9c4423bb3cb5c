using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>Controls of an RL stage: what a recipe may say of them, and what they are carried out as.</summary>
public sealed class ControlRecipeTests
{
    private const string All = "\"random-reward\", \"zero-learning-rate\", \"shuffled-answers\"";

    [Fact]
    public void Expand_Controls_AreStagesLikeTheirsSideBySide()
    {
        var recipe = RecipeLoader.Parse(With($"\"controls\": [{All}],"), "good.json").Recipe.Expand();
        recipe.Stages.Keys.ShouldBe(["base", "zero", "zero.random-reward", "zero.zero-learning-rate", "zero.shuffled-answers", "test"]);
        var real = (RlStage)recipe.Stages["zero"];
        (real.Control, real.Controls).ShouldBe((null, null));
        foreach (var control in Enum.GetValues<TrainingControl>())
            recipe.Stages[ModelNames.Control("zero", control)].ShouldBe(real with { Control = control });
        recipe.InputsOf("zero.random-reward").ShouldBe(["base"]);
        recipe.Stages["zero.random-reward"].Describe(recipe).ShouldEndWith(", control random-reward");
    }

    [Fact]
    public void Keys_WithControls_AreThoseOfTheRecipeWithout()
    {
        var with = KeysOf($"\"controls\": [{All}],");
        var without = KeysOf("");
        foreach (var (name, key) in without) (with[name].Result, with[name].Evaluation).ShouldBe((key.Result, key.Evaluation), name);
        with.Values.Select(key => key.Result).Distinct().Count().ShouldBe(without.Count + 3, "each control has a key of its own");
        KeysOf("\"controls\": [\"random-reward\"],")["zero.random-reward"].Result.ShouldBe(with["zero.random-reward"].Result);
        KeysOf("\"control\": \"random-reward\",")["zero"].Result.ShouldNotBe(without["zero"].Result);
    }

    [Fact]
    public void Check_Controls_CountsTheirSteps()
    {
        var summary = RecipeCheck.Summarize(RecipeLoader.Parse(With($"\"controls\": [{All}],"), "good.json"));
        summary.Stages.Count(stage => stage.Name.StartsWith("zero", StringComparison.Ordinal)).ShouldBe(4);
        summary.Stages.Where(stage => stage.Name.StartsWith("zero", StringComparison.Ordinal)).Select(stage => stage.Samples).Distinct()
            .ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("\"controls\": [\"random-rewards\"],", "stages.zero.controls[0]", "random-reward, zero-learning-rate, shuffled-answers")]
    [InlineData("\"controls\": [\"random-reward\", \"random-reward\"],", "stages.zero.controls", "each control once")]
    [InlineData("\"controls\": [\"random-reward\"], \"control\": \"zero-learning-rate\",", "stages.zero.controls", "a control has none")]
    [InlineData("\"control\": \"none\",", "stages.zero.control", "random-reward, zero-learning-rate, shuffled-answers")]
    public void Parse_BadControl_NamesFieldAndWhatIsAllowed(string field, string path, string allowed) =>
        RecipeSamples.Fails(With(field)).Problems
            .ShouldContain(problem => problem.Path == path && problem.Allowed.Contains(allowed, StringComparison.Ordinal));

    [Theory]
    [InlineData("shuffled-answers", "{ \"format/think-answer\": 1 }", "an accuracy reward of some weight")]
    [InlineData("shuffled-answers", "{ \"accuracy/exact\": 0, \"format/think-answer\": 1 }", "an accuracy reward of some weight")]
    public void Parse_ControlThatWouldChangeNothing_IsRefused(string control, string rewards, string because)
    {
        var json = With($"\"controls\": [\"{control}\"],")
            .Replace("{ \"accuracy/exact\": 1, \"format/think-answer\": 0.5 }", rewards, StringComparison.Ordinal);
        var problem = RecipeSamples.Fails(json).Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Allowed.Contains(because, StringComparison.Ordinal)).ShouldBe(("stages.zero.controls[0]", true));
    }

    [Fact]
    public void Parse_StageFromAControl_IsRefused()
    {
        var json = With("\"controls\": [\"random-reward\"],")
            .Replace("\"from\": \"zero\"", "\"from\": \"zero.random-reward\"", StringComparison.Ordinal);
        var problem = RecipeSamples.Fails(json).Problems.First(one => one.Path == "stages.test.from");
        problem.Allowed.ShouldContain("base, zero");
    }

    private static IReadOnlyDictionary<string, StageKey> KeysOf(string field) =>
        StageKeys.Of(RecipeLoader.Parse(With(field), "good.json").Recipe.Expand(), new Dictionary<string, string?>());

    private static string With(string field) =>
        RecipeSamples.Good.Replace("\"kind\": \"rl\",", $"\"kind\": \"rl\", {field}", StringComparison.Ordinal);
}
