using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes.Shapes;

/// <summary>A reward in a map of them: what its options are depends on its name.</summary>
/// <param name="ByName">The shape of each reward.</param>
internal sealed record RewardShape(IReadOnlyDictionary<string, RewardEntryShape> ByName) : RecipeShape
{
    /// <summary>The object or number of any reward, in words.</summary>
    public const string InWords = "a number, its weight, or an object with weight, options, onError";

    /// <summary>The shape of the catalog's rewards.</summary>
    public static RewardShape Create() =>
        new(RewardCatalog.OptionTypes.ToDictionary(reward => reward.Key, reward => RewardEntryShape.Of(reward.Value)));

    public override string Words => InWords;

    /// <summary>The shape of the reward of that name, or null.</summary>
    public RewardEntryShape? Find(string name) => ByName.GetValueOrDefault(name);

    public override JsonNode? Placeholder() => null;
}

/// <summary>One reward: a number for a weight alone, or an object.</summary>
/// <param name="LongForm">The object.</param>
/// <param name="Options">The reward's own options.</param>
internal sealed record RewardEntryShape(ObjectShape LongForm, ObjectShape Options) : RecipeShape
{
    /// <summary>The fields of the object.</summary>
    public const string WeightField = "weight", OptionsField = "options";

    public override string Words => RewardShape.InWords;

    /// <summary>The shape of a reward with such options.</summary>
    public static RewardEntryShape Of(Type optionType)
    {
        var options = ObjectOf(optionType);
        RecipeField Field(string property, RecipeShape shape, bool required = false) =>
            new(JsonNamingPolicy.CamelCase.ConvertName(property), shape, required, false, typeof(RewardRecipe).GetProperty(property)!,
                [.. typeof(RewardRecipe).GetProperty(property)!.GetCustomAttributes<RecipeRuleAttribute>()], []);
        return new(
            new ObjectShape(typeof(RewardRecipe),
            [
                Field(nameof(RewardRecipe.Weight), new ScalarShape(ScalarKind.Number)),
                Field(nameof(RewardRecipe.Options), options, options.Fields.Any(field => field.Required)),
                Field(nameof(RewardRecipe.OnError), new EnumShape(["drop", "score-zero"])),
            ], new Dictionary<string, string>()),
            options);
    }

    /// <summary>The object that a number stands for.</summary>
    public static ObjectNode Lengthen(RecipeNode node)
    {
        if (node is ObjectNode written) return written;
        var lengthened = new ObjectNode(node.At);
        lengthened.Members.Add(WeightField, new(node.At, node));
        return lengthened;
    }

    /// <summary>Fills in the options that are left out, so that equal settings are equal recipes.</summary>
    public JsonObject WithDefaults(JsonObject bound)
    {
        if (Options.Fields.Count == 0) bound.Remove(OptionsField);
        else bound[OptionsField] =
            JsonSerializer.SerializeToNode((bound[OptionsField] ?? Options.Placeholder()).Deserialize(Options.Type, R1Json.Options),
                Options.Type, R1Json.Options);
        return bound;
    }

    public override JsonNode? Placeholder() => null;
}
