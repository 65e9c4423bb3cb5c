using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>A band in which a figure is expected.</summary>
internal sealed class ExpectedAttribute : RecipeRuleAttribute
{
    /// <inheritdoc/>
    public override bool Allows(object value) => value is string text && Expectation.TryParse(text) is not null;

    /// <inheritdoc/>
    public override string Allowed => Expectation.Form;

    /// <inheritdoc/>
    public override void Describe(JsonObject schema) => schema["pattern"] = Expectation.Pattern;
}
