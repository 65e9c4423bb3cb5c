using System.Text.Json;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class RewardRecipeTests
{
    private const string Short = """{ "accuracy/exact": 1, "format/think-answer": 0.5 }""";

    [Fact]
    public void Load_ShortForm_IsAWeight() =>
        RlOf(Short).Rewards["format/think-answer"].ShouldBe(new RewardRecipe { Weight = 0.5 });

    [Fact]
    public void Load_LongForm_HasItsOptionsAndTheDefaultsOfTheOthers()
    {
        var reward = RlOf("""{ "length/overlong": { "weight": 2, "options": { "bufferTokens": 8 }, "onError": "score-zero" } }""")
            .Rewards["length/overlong"];
        (reward.Weight, reward.OnError).ShouldBe((2, RewardErrorPolicy.ScoreZero));
        RewardOptions.Bind<OverlongOptions>("length/overlong", reward.Options).ShouldBe(new OverlongOptions { BufferTokens = 8 });
    }

    [Fact]
    public void Hash_ShortFormAndTheSameInLong_AreEqual()
    {
        var shortHash = Load("""{ "length/overlong": 1 }""").Hash;
        Load("""{ "length/overlong": { "weight": 1, "options": { "maxTokens": 0 }, "onError": "drop" } }""").Hash.ShouldBe(shortHash);
        Load("""{ "length/overlong": {} }""").Hash.ShouldBe(shortHash);
        Load("""{ "length/overlong": { "options": { "maxTokens": 9 } } }""").Hash.ShouldNotBe(shortHash);
    }

    [Fact]
    public void Load_OptionOfAnOlderRecipe_IsReadWithoutEffectAndTold()
    {
        var loaded = Load("""{ "accuracy/math": { "options": { "timeLimitMs": 20 } } }""");
        loaded.Hash.ShouldBe(Load("""{ "accuracy/math": 1 }""").Hash);
        var note = loaded.Notes.ShouldHaveSingleItem();
        note.Path.ShouldEndWith("accuracy/math.options.timeLimitMs");
        note.Allowed.ShouldContain("maxSteps");
        Load("""{ "accuracy/math": 1 }""").Notes.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{ "length/overlong": { "options": { "bufferToken": 8 } } }""", "length/overlong.options.bufferToken",
        "did you mean \"bufferTokens\"?", "maxTokens, bufferTokens")]
    [InlineData("""{ "length/overlong": { "options": { "bufferTokens": -1 } } }""", "length/overlong.options.bufferTokens",
        "-1 is not allowed", "at least 0")]
    [InlineData("""{ "length/overlong": { "options": { "bufferTokens": "8" } } }""", "length/overlong.options.bufferTokens",
        "\"8\" is not allowed", "a whole number")]
    [InlineData("""{ "accuracy/exact": { "options": { "x": 1 } } }""", "accuracy/exact.options.x", "\"x\" is no field here", "")]
    [InlineData("""{ "accuracy/exact": { "onError": "ignore" } }""", "accuracy/exact.onError", "\"ignore\" is not allowed",
        "drop, score-zero")]
    [InlineData("""{ "accuracy/exact": { "wieght": 1 } }""", "accuracy/exact.wieght", "did you mean \"weight\"?",
        "weight, options, onError")]
    [InlineData("""{ "accuracy/exact": [1] }""", "accuracy/exact", "[…] is not allowed", "a number, its weight, or an object")]
    [InlineData("""{ "accuracy/exact": { "weight": 0 } }""", "", "is not allowed", "at least one weight that is not 0")]
    public void Load_BadReward_NamesFieldAndWhatIsAllowed(string rewards, string path, string message, string allowed)
    {
        var problem = RecipeSamples.Fails(RecipeSamples.Good.Replace(Short, rewards)).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("stages.zero.rewards" + (path.Length > 0 ? "." : "") + path);
        problem.Message.ShouldContain(message);
        problem.Allowed.ShouldContain(allowed);
    }

    [Fact]
    public void Load_Inherited_ObjectsMergeAndNumbersReplace()
    {
        var stage = """{ "stages": { "r1-zero": { "rewards": REWARDS } }, "name": "a", "extends": "r1-zero", "tasks": { "add": { "kind": "arithmetic" } } }""";
        var problems =
            RecipeSamples.Fails(
                stage.Replace("REWARDS",
                    """{ "accuracy/exact": { "onError": "score-zero" }, "format/think-answer": { "weight": true } }""")).Problems;
        problems.Where(problem => problem.Path.Contains("rewards", StringComparison.Ordinal)).ShouldHaveSingleItem()
            .Path.ShouldBe("stages.r1-zero.rewards.format/think-answer.weight");
    }

    [Fact]
    public void Bind_UnknownOption_NamesRewardFieldAndWhatIsAllowed()
    {
        var options = JsonSerializer.Deserialize<JsonElement>("""{ "max": 3 }""");
        var message = Should.Throw<BadInputException>(() => RewardOptions.Bind<OverlongOptions>("length/overlong", options)).Message;
        message.ShouldContain("length/overlong");
        message.ShouldContain("options.max");
        message.ShouldContain("maxTokens, bufferTokens");
        Should.Throw<BadInputException>(() =>
            RewardOptions.Bind<OverlongOptions>("length/overlong", JsonSerializer.Deserialize<JsonElement>("3")))
            .Message.ShouldContain("an object");
    }

    [Fact]
    public void Json_BothForms_SurviveTheRoundTrip()
    {
        var rewards = new Dictionary<string, RewardRecipe>
        {
            ["accuracy/exact"] = 0.25,
            ["length/overlong"] = new() { Weight = 2, Options = JsonSerializer.Deserialize<JsonElement>("""{"maxTokens":9}"""),
                OnError = RewardErrorPolicy.ScoreZero },
        };
        var json = JsonSerializer.Serialize(rewards, R1Json.Options);
        json.ShouldBe("""{"accuracy/exact":0.25,"length/overlong":{"weight":2,"options":{"maxTokens":9},"onError":"score-zero"}}""");
        JsonSerializer.Deserialize<Dictionary<string, RewardRecipe>>(json, R1Json.Options).ShouldBe(rewards);
    }

    private static LoadedRecipe Load(string rewards) => RecipeLoader.Parse(RecipeSamples.Good.Replace(Short, rewards), "x");

    private static RlStage RlOf(string rewards) => Load(rewards).Recipe.Stages["zero"].ShouldBeOfType<RlStage>();
}
