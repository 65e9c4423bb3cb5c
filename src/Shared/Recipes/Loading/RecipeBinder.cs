using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Shapes;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>
/// Holds a tree against the shape of a recipe. Reports every unknown field, wrong type, missing field and value out of its limits, and
/// returns the JSON of what is usable, so that the rules between fields can still be checked on the rest.
/// </summary>
internal sealed class RecipeBinder(RecipeProblems problems)
{
    /// <summary>The recipe's JSON: deserialises, with stand-ins for required values that have a problem.</summary>
    public JsonNode Bind(ObjectNode recipe) => Bind(RecipeShape.Recipe, recipe);

    /// <summary>The JSON of a record that stands by itself.</summary>
    public JsonNode Bind(ObjectShape shape, ObjectNode record) => BindObject(shape, record, "", null);

    // Given: the value that the owning record has by default. Fields that the file leaves out keep it.
    private JsonNode? BindField(RecipeField field, RecipeNode node, string path, object? given)
    {
        if (field.Shape is MapShape map) return BindMap(field, map, node, path);
        return Bind(field.Shape, field.Rules, field.Allowed, node, path, given);
    }

    private JsonNode? Bind(RecipeShape shape, IReadOnlyList<RecipeRuleAttribute> rules, string allowed, RecipeNode node, string path,
        object? given)
    {
        switch (shape, node)
        {
            case (ObjectShape record, ObjectNode value):
                return BindObject(record, value, path, given);
            case (UnionShape union, ObjectNode value):
                return BindUnion(union, value, path);
            case (RewardEntryShape reward, ObjectNode or ScalarNode { Kind: JsonValueKind.Number }):
                return reward.WithDefaults(BindObject(reward.LongForm, RewardEntryShape.Lengthen(node), path, null));
            case (ListShape list, ArrayNode value) when value.Items.Count > 0 || !list.NotEmpty:
                var allowedItem = RecipeField.AllowedOf(rules, list.Item);
                return new JsonArray(
                    [.. value.Items.Select((item, index) => Bind(list.Item, rules, allowedItem, item, $"{path}[{index}]", null))
                        .Where(item => item is not null)]);
            case (EnumShape names, ScalarNode { Kind: JsonValueKind.String } value):
                if (names.Names.Contains(value.Text)) return JsonValue.Create(value.Text);
                problems.Add(node.At, path, node.Shown, $"{node.Shown} is not allowed{Spelling.DidYouMean(value.Text, names.Names)}",
                    allowed);
                return null;
            case (ScalarShape scalar, ScalarNode value) when Read(scalar, value) is { } read:
                if (rules.FirstOrDefault(rule => !rule.Allows(read)) is not { } broken)
                    return JsonSerializer.SerializeToNode(read, R1Json.Options);
                var hint = read is string text ? Spelling.DidYouMean(text, broken.Names) : "";
                problems.Add(node.At, path, node.Shown, $"{node.Shown} is not allowed{hint}", allowed);
                return null;
            default:
                var reason = node is ScalarNode { IsNull: true }
                    ? "null takes away what is inherited, and nothing is" : $"{node.Shown} is not allowed";
                problems.Add(node.At, path, node.Shown, reason, allowed);
                return null;
        }
    }

    private JsonObject BindObject(ObjectShape shape, ObjectNode node, string path, object? given, string? discriminator = null)
    {
        var bound = new JsonObject();
        var defaults = given ?? shape.Defaults();
        foreach (var field in shape.Fields)
        {
            var value = node.Members.GetValueOrDefault(field.Name)?.Value;
            if (value is ScalarNode { IsNull: true } && field is { Nullable: true, Required: false }) value = null;
            // A resolved recipe says of what has no place that it is empty.
            if (value is ArrayNode { Items.Count: 0 } && shape.Either is { } instead && instead.Fields.Contains(field.Name)
                && IsGiven(node, instead.Other)) value = null;
            var preset = field.Property.GetValue(defaults);
            JsonNode? json = null;
            if (value is not null)
            {
                json = BindField(field, value, RecipePath.Join(path, field.Name), preset);
            }
            else if (given is not null)
            {
                json = JsonSerializer.SerializeToNode(preset, field.Property.PropertyType, R1Json.Options);
            }
            else if (field.Required)
            {
                problems.Add(node.At, RecipePath.Join(path, field.Name), "nothing", $"\"{field.Name}\" is missing", field.Allowed);
            }
            if ((json ?? (field.Required ? field.Shape.Placeholder() : null)) is { } usable) bound[field.Name] = usable;
        }
        if (given is null && shape.Either is { } either) CheckEither(shape, either, node, path);
        ReportUnknown(shape, node, path, discriminator);
        return bound;
    }

    private void CheckEither(ObjectShape shape, EitherShape either, ObjectNode node, string path)
    {
        var instead = IsGiven(node, either.Other);
        foreach (var field in shape.Fields.Where(field => either.Fields.Contains(field.Name)))
        {
            var at = RecipePath.Join(path, field.Name);
            if (instead == !IsGiven(node, field.Name) || problems.Concern(at)) continue;
            var member = node.Members.GetValueOrDefault(field.Name);
            var others = string.Join(" and ", either.Fields.Select(ScalarNode.Quote));
            if (instead)
                problems.Add(member!.NameAt, at, member.Value.Shown, $"\"{field.Name}\" has no place beside \"{either.Other}\"",
                    $"{either.Because}; null takes away what is inherited");
            else
                problems.Add(member?.Value.At ?? node.At, at, member?.Value.Shown ?? "nothing",
                    member is null ? $"\"{field.Name}\" is missing" : $"{member.Value.Shown} is not allowed",
                    $"{field.Allowed}{(field.Shape is MapShape ? ", at least one" : "")}; or \"{either.Other}\" in place of {others}");
        }
    }

    private static bool IsGiven(ObjectNode node, string name) => node.Members.GetValueOrDefault(name)?.Value
        is not (null or ScalarNode { IsNull: true } or ObjectNode { Members.Count: 0 } or ArrayNode { Items.Count: 0 });

    private JsonObject? BindUnion(UnionShape shape, ObjectNode node, string path)
    {
        var at = RecipePath.Join(path, shape.Discriminator);
        var allowed = $"one of {string.Join(", ", shape.Kinds.Keys)}";
        if (!node.Members.TryGetValue(shape.Discriminator, out var kind))
        {
            problems.Add(node.At, at, "nothing", $"\"{shape.Discriminator}\" is missing", allowed);
            return null;
        }
        if (kind.Value is not ScalarNode { Kind: JsonValueKind.String } name || !shape.Kinds.TryGetValue(name.Text, out var record))
        {
            var hint = kind.Value is ScalarNode scalar ? Spelling.DidYouMean(scalar.Text, shape.Kinds.Keys) : "";
            problems.Add(kind.Value.At, at, kind.Value.Shown, $"{kind.Value.Shown} is not allowed{hint}", allowed);
            return null;
        }
        var bound = BindObject(record, node, path, null, shape.Discriminator);
        bound.Insert(0, shape.Discriminator, name.Text);
        return bound;
    }

    private JsonObject? BindMap(RecipeField field, MapShape shape, RecipeNode node, string path)
    {
        if (node is not ObjectNode map)
        {
            Bind(shape, [], field.Allowed, node, path, null);
            return null;
        }
        if (shape.NotEmpty && map.Members.Count == 0) problems.Add(node.At, path, "{}", "{} is not allowed", field.Allowed);
        var bound = new JsonObject();
        IEnumerable<KeyValuePair<string, RecipeMember>> members = shape.Ordered
            ? map.Members : map.Members.OrderBy(m => m.Key, StringComparer.Ordinal);
        foreach (var (name, member) in members)
        {
            var inner = RecipePath.Join(path, name);
            if (field.NameRules.FirstOrDefault(rule => !rule.Allows(name)) is { } broken)
                problems.Add(member.NameAt, inner, ScalarNode.Quote(name),
                    $"{ScalarNode.Quote(name)} is not allowed as a name{Spelling.DidYouMean(name, broken.Names)}", broken.Allowed);
            var value = shape.Value is RewardShape rewards ? rewards.Find(name) : shape.Value;
            if (value is null) continue; // a name that nobody knows, which is said already
            if (Bind(value, field.Rules, field.AllowedValues, member.Value, inner, null) is { } usable) bound[name] = usable;
        }
        return bound;
    }

    private void ReportUnknown(ObjectShape shape, ObjectNode node, string path, string? discriminator)
    {
        var names = shape.Fields.Select(field => field.Name).ToList();
        foreach (var (name, member) in node.Members)
        {
            if (names.Contains(name) || name == discriminator) continue;
            if (shape.Replaced.TryGetValue(name, out var by))
            {
                problems.Note(member.NameAt, RecipePath.Join(path, name), member.Value.Shown, $"\"{name}\" has no effect any more", by);
                continue;
            }
            var allowed = $"one of {string.Join(", ", discriminator is null ? names : names.Prepend(discriminator))}";
            if (shape.Lacks.TryGetValue(name, out var because))
            {
                if (member.Value is ScalarNode { IsNull: true }) continue;
                problems.Add(member.NameAt, RecipePath.Join(path, name), member.Value.Shown, $"\"{name}\" has no place here: {because}",
                    allowed);
                continue;
            }
            problems.Add(member.NameAt, RecipePath.Join(path, name), member.Value.Shown,
                $"{ScalarNode.Quote(name)} is no field here{Spelling.DidYouMean(name, names)}", allowed);
        }
    }

    // Whole numbers may be written 1e3 or 64.0; numbers too large for a double are not numbers.
    private static object? Read(ScalarShape shape, ScalarNode node) => (shape.Type, node.Kind) switch
    {
        (ScalarKind.Text, JsonValueKind.String) => node.Text,
        (ScalarKind.Flag, JsonValueKind.True) => true,
        (ScalarKind.Flag, JsonValueKind.False) => false,
        (ScalarKind.Number, JsonValueKind.Number)
            when double.TryParse(node.Text, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        (ScalarKind.Whole, JsonValueKind.Number)
            when decimal.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && decimal.Truncate(number) == number && number >= shape.Min && number <= shape.Max => (long)number,
        _ => null,
    };
}
