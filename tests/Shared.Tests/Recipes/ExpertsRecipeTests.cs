using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>Shapes with latent attention and experts.</summary>
public sealed class ExpertsRecipeTests
{
    [Theory]
    [InlineData("""{ "latent": {} }""", "kvHeads", "latent attention has no groups")]
    [InlineData("""{ "kvHeads": 4, "latent": { "rotaryWidth": 7 } }""", "latent.rotaryWidth", "an even number")]
    [InlineData("""{ "experts": { "perToken": 9 } }""", "experts.perToken", "up to count, 8")]
    [InlineData("""{ "experts": { "denseLayers": 4 } }""", "experts.denseLayers", "fewer than layers, 4")]
    [InlineData("""{ "experts": { "shared": 1 } }""", "experts.shared", "only experts beside latent attention")]
    [InlineData("""{ "experts": { "biasStep": 0.001 } }""", "experts.biasStep", "only experts beside latent attention")]
    [InlineData("""{ "experts": { "groups": 2 } }""", "experts.groups", "only experts beside latent attention")]
    [InlineData("""{ "kvHeads": 4, "latent": {}, "experts": { "auxiliaryLoss": 0.1 } }""", "experts.auxiliaryLoss",
        "only experts without latent attention")]
    [InlineData("""{ "kvHeads": 4, "latent": {}, "experts": { "groups": 3 } }""", "experts.groups", "a divisor of count, 8")]
    [InlineData("""{ "kvHeads": 4, "latent": {}, "experts": { "groups": 2, "chosenGroups": 3 } }""", "experts.chosenGroups", "up to groups, 2")]
    [InlineData("""{ "kvHeads": 4, "latent": {}, "experts": { "groups": 8, "chosenGroups": 1 } }""", "experts.chosenGroups",
        "so many that they have perToken, 2, experts")]
    public void Parse_ShapeThatCannotBe_IsRefusedByFieldAndValue(string model, string field, string allowed)
    {
        var message = Should.Throw<RecipeException>(() => Parse(model)).Message;
        message.ShouldContain($"stages.base.model.{field}");
        message.ShouldContain(allowed);
    }

    [Fact]
    public void Parse_Experts_AreReadWithTheirDefaults()
    {
        var model = ((PretrainStage)Parse("""{ "kvHeads": 4, "latent": { "queryRank": 24 }, "experts": {} }""").Stages["base"]).Model;
        (model.Latent!.QueryRank, model.Latent.KeyValueRank, model.Experts!.Count, model.Experts.PerToken, model.Experts.Shared)
            .ShouldBe((24, 32, 8, 2, null));
        ((PretrainStage)Parse("{}").Stages["base"]).Model.Experts.ShouldBeNull();
    }

    private static Recipe Parse(string model) => RecipeLoader.Parse($$"""
        { "name": "n", "tasks": { "add": { "kind": "arithmetic" } },
          "stages": { "base": { "kind": "pretrain", "task": "add", "model": {{model}} } } }
        """, "x").Recipe;
}
