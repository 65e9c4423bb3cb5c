using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes.Shapes;

/// <summary>
/// What a recipe may look like, read off the records by way of the serializer's own contracts. The check, the JSON Schema and the field
/// reference all walk this one description, so none of them can know a field that another does not.
/// </summary>
internal abstract record RecipeShape
{
    /// <summary>The shape of a whole recipe.</summary>
    public static ObjectShape Recipe { get; } = ObjectOf(typeof(Recipe));

    /// <summary>What is expected, in words: "a whole number".</summary>
    public abstract string Words { get; }

    /// <summary>A stand-in that deserialises, for a value that already has a problem; null when there is none.</summary>
    public abstract JsonNode? Placeholder();

    private static RecipeShape Of(Type type, PropertyInfo property)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return new ScalarShape(ScalarKind.Text);
        if (type == typeof(bool)) return new ScalarShape(ScalarKind.Flag);
        if (type == typeof(double)) return new ScalarShape(ScalarKind.Number);
        if (type == typeof(int)) return new ScalarShape(ScalarKind.Whole, int.MinValue, int.MaxValue);
        if (type == typeof(long)) return new ScalarShape(ScalarKind.Whole);
        if (type.IsEnum)
            return new EnumShape(
                [.. Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.Serialize(value, type, R1Json.Options).Trim('"'))]);
        if (type == typeof(RewardRecipe)) return RewardShape.Create();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return new ListShape(Of(type.GetGenericArguments()[0], property), property.IsDefined(typeof(NotEmptyAttribute)));
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            return new MapShape(Of(type.GetGenericArguments()[1], property), property.IsDefined(typeof(JsonConverterAttribute)),
                property.IsDefined(typeof(NotEmptyAttribute)));
        return R1Json.Options.GetTypeInfo(type).PolymorphismOptions is { } kinds
            ? new UnionShape(type, kinds.TypeDiscriminatorPropertyName,
                kinds.DerivedTypes.ToDictionary(kind => (string)kind.TypeDiscriminator!, kind => ObjectOf(kind.DerivedType)))
            : ObjectOf(type);
    }

    /// <summary>The shape of a record.</summary>
    public static ObjectShape ObjectOf(Type type)
    {
        var needs = type.GetCustomAttribute<NeedsAttribute>()?.Properties ?? [];
        var lacks = type.GetCustomAttributes<LacksAttribute>()
            .ToDictionary(lack => JsonNamingPolicy.CamelCase.ConvertName(lack.Property), lack => lack.Because);
        var either = type.GetCustomAttribute<NeedsUnlessAttribute>() is { } unless
            ? new EitherShape(JsonNamingPolicy.CamelCase.ConvertName(unless.Other), unless.Because,
                [.. unless.Properties.Select(JsonNamingPolicy.CamelCase.ConvertName)])
            : null;
        return new ObjectShape(type, [.. R1Json.Options.GetTypeInfo(type).Properties.Where(p => !lacks.ContainsKey(p.Name)).Select(p =>
            FieldOf(p, needs))], lacks, either)
        {
            Replaced = type.GetCustomAttributes<ReplacedAttribute>().ToDictionary(replaced => replaced.Field, replaced => replaced.By),
        };
    }

    private static RecipeField FieldOf(JsonPropertyInfo info, string[] needs)
    {
        var property = (PropertyInfo)info.AttributeProvider!;
        return new(info.Name, Of(info.PropertyType, property), info.IsRequired || needs.Contains(property.Name), info.IsSetNullable,
            property,
            [.. property.GetCustomAttributes<RecipeRuleAttribute>().Where(rule => !rule.OnNames)],
            [.. property.GetCustomAttributes<RecipeRuleAttribute>().Where(rule => rule.OnNames)]);
    }
}

/// <summary>A field of a record.</summary>
/// <param name="Name">Its JSON name.</param>
/// <param name="Shape">What it holds.</param>
/// <param name="Required">Whether it must be given.</param>
/// <param name="Nullable">Whether null is a value of it.</param>
/// <param name="Property">The record's property.</param>
/// <param name="Rules">Rules for its value, or for the values of its map.</param>
/// <param name="NameRules">Rules for the names in its map.</param>
internal sealed record RecipeField(
    string Name, RecipeShape Shape, bool Required, bool Nullable, PropertyInfo Property, IReadOnlyList<RecipeRuleAttribute> Rules,
        IReadOnlyList<RecipeRuleAttribute> NameRules)
{
    /// <summary>What the field allows: its shape and its rules in words.</summary>
    public string Allowed =>
        Shape is ListShape list ? $"{list.Words}: each {AllowedOf(Rules, list.Item)}" : AllowedOf(Shape is MapShape ? [] : Rules, Shape);

    /// <summary>What a map's values allow.</summary>
    public string AllowedValues => AllowedOf(Rules, ((MapShape)Shape).Value);

    /// <summary>What rules and a shape allow, in words.</summary>
    public static string AllowedOf(IReadOnlyList<RecipeRuleAttribute> rules, RecipeShape shape)
    {
        var limits = rules.Select(rule => rule.Allowed);
        return string.Join(", ", shape is ScalarShape { Type: ScalarKind.Text } && rules.Count > 0 ? limits : limits.Prepend(shape.Words));
    }
}

/// <summary>A record.</summary>
/// <param name="Type">The record.</param>
/// <param name="Fields">Its fields, in order.</param>
/// <param name="Lacks">Fields of its base that it does not take, and why not.</param>
/// <param name="Either">Fields of which it takes the one or the others; null for none.</param>
internal sealed record ObjectShape(Type Type, IReadOnlyList<RecipeField> Fields, IReadOnlyDictionary<string, string> Lacks,
    EitherShape? Either = null) : RecipeShape
{
    /// <summary>Fields of older recipes that mean nothing any more, and what takes their place.</summary>
    public IReadOnlyDictionary<string, string> Replaced { get; init; } = new Dictionary<string, string>();

    public override string Words => $"an object with {string.Join(", ", Fields.Select(f => f.Name))}";

    /// <summary>A record with every field at its default; required fields are null or 0.</summary>
    public object Defaults() => Activator.CreateInstance(Type)!;

    public override JsonNode Placeholder() => new JsonObject(
        Fields.Where(field => field.Required).Select(field => KeyValuePair.Create(field.Name, field.Shape.Placeholder())));
}

/// <summary>Fields that must be given, or another one in their place. A map without entries counts as not given.</summary>
/// <param name="Other">The one.</param>
/// <param name="Because">Why the others have no place beside it.</param>
/// <param name="Fields">The others.</param>
internal sealed record EitherShape(string Other, string Because, IReadOnlyList<string> Fields);

/// <summary>One of several records, told apart by a field.</summary>
/// <param name="Type">The base record.</param>
/// <param name="Discriminator">The field.</param>
/// <param name="Kinds">The records by the field's value.</param>
internal sealed record UnionShape(Type Type, string Discriminator, IReadOnlyDictionary<string, ObjectShape> Kinds) : RecipeShape
{
    public override string Words =>
        $"an object with a {Discriminator} ({string.Join(", ", Kinds.Keys)}) and the fields of that {Discriminator}";

    public override JsonNode? Placeholder() => null;
}

/// <summary>Values by name.</summary>
/// <param name="Value">What each is.</param>
/// <param name="Ordered">Whether the order has a meaning.</param>
/// <param name="NotEmpty">Whether there must be one.</param>
internal sealed record MapShape(RecipeShape Value, bool Ordered, bool NotEmpty) : RecipeShape
{
    public override string Words => "an object of named entries" + (NotEmpty ? ", at least one" : "");

    public override JsonNode Placeholder() => new JsonObject();
}

/// <summary>Values in an order. A field's rules are for each of them.</summary>
/// <param name="Item">What each is.</param>
/// <param name="NotEmpty">Whether there must be one.</param>
internal sealed record ListShape(RecipeShape Item, bool NotEmpty) : RecipeShape
{
    public override string Words => "a list" + (NotEmpty ? " of at least one" : "");

    public override JsonNode Placeholder() => new JsonArray();
}

/// <summary>One of an enumeration's names.</summary>
internal sealed record EnumShape(IReadOnlyList<string> Names) : RecipeShape
{
    public override string Words => $"one of {string.Join(", ", Names)}";

    public override JsonNode Placeholder() => Names[0];
}

/// <summary>The simple values.</summary>
internal enum ScalarKind { Text, Whole, Number, Flag }

/// <summary>A simple value.</summary>
/// <param name="Type">Which.</param>
/// <param name="Min">The least whole number that its type can hold.</param>
/// <param name="Max">The greatest.</param>
internal sealed record ScalarShape(ScalarKind Type, long Min = long.MinValue, long Max = long.MaxValue) : RecipeShape
{
    public override string Words => Type switch
    {
        ScalarKind.Text => "a string",
        ScalarKind.Flag => "true or false",
        ScalarKind.Whole => "a whole number",
        _ => "a number",
    };

    public override JsonNode Placeholder() => Type switch
    {
        ScalarKind.Text => "",
        ScalarKind.Flag => false,
        _ => 0,
    };
}
