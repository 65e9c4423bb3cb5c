using System.Reflection;
using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Tests;

public sealed class StageKindsTests
{
    // A distillation is carried out as the fine-tunings of its students.
    private static IEnumerable<Type> Recipes => typeof(StageRecipe).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .Select(kind => kind.DerivedType).Except([typeof(DistillStage)]);

    [Fact]
    public void All_Kinds_AreThoseThatRecipesKnow()
    {
        StageKinds.All.Select(kind => kind.Recipe).ShouldBe(Recipes, ignoreOrder: true);
        foreach (var kind in StageKinds.All) kind.Name.ShouldBe(StageRecipe.KindOf(kind.Recipe));
    }

    [Fact]
    public void Recipes_OfAllKinds_DescribeThemselves()
    {
        foreach (var recipe in Recipes)
            recipe.GetMethod(nameof(StageRecipe.Describe))!.DeclaringType.ShouldNotBe(typeof(StageRecipe), recipe.Name);
    }
}
