using System.Collections;
using System.Text.Json;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Shapes;

namespace R1Cloud.Shared.Recipes.Effects;

/// <summary>
/// Finds settings that nothing reads. What the recipe itself sets is an error, unless it is the default or what is done anyway; what it
/// inherits is taken away, so that a resolved recipe says nothing that means nothing.
/// </summary>
/// <param name="problems">Where errors go.</param>
/// <param name="root">The recipe, with what it inherits.</param>
/// <param name="own">What the recipe itself sets, as paths; null for all that stands in its own file.</param>
internal sealed class SettingsWithoutEffect(RecipeProblems problems, ObjectNode root, IReadOnlyCollection<string>? own)
{
    private const string NoWeights = "it says what is measured, and weights have no part in that";

    private readonly HashSet<RecipeNode> once = new(ReferenceEqualityComparer.Instance), shared = new(ReferenceEqualityComparer.Instance);
    private Recipe whole = null!;
    private bool changed;

    /// <summary>Looks at a recipe; true when something was taken away, so that the tree must be bound again.</summary>
    public bool Check(Recipe recipe)
    {
        whole = recipe;
        Count(root); // a value that an evaluation hands to its benchmarks stands in several places
        Visit(RecipeShape.Recipe, root, recipe, "", null);
        return changed;
    }

    private void Count(RecipeNode node)
    {
        if (!once.Add(node)) shared.Add(node);
        if (node is not ObjectNode holder) return;
        foreach (var member in holder.Members.Values) Count(member.Value);
    }

    // Given: what the owner has by default.
    private void Visit(RecipeShape shape, RecipeNode node, object? value, string path, object? given, object? owner = null)
    {
        if (value is null || node is not ObjectNode holder) return;
        switch (KindOf(shape, value))
        {
            case ObjectShape record:
                var defaults = given ?? record.Defaults();
                var common = value is EvaluationRecipe { Benchmarks.Count: > 0 }; // what stands there is for the benchmarks
                if (!problems.Concern(path) && !common)
                {
                    foreach (var unread in Unread.Of(value, whole).ToList())
                    {
                        if (Find(new(holder, record, value, defaults, path), unread.Path) is { } setting) Judge(setting, unread);
                    }
                }
                foreach (var field in record.Fields.Where(field => !common || field.Property.Name == nameof(EvaluationRecipe.Benchmarks)))
                {
                    if (!holder.Members.TryGetValue(field.Name, out var member)) continue;
                    var (inner, otherwise) = (field.Property.GetValue(value), field.Property.GetValue(defaults));
                    Visit(field.Shape, member.Value, inner, RecipePath.Join(path, field.Name), otherwise, value);
                }
                break;
            case MapShape { Value: RewardShape rewards } when value is IReadOnlyDictionary<string, RewardRecipe> set:
                foreach (var (name, reward) in set) VisitReward(rewards, holder, name, reward, path, owner);
                break;
            case MapShape map:
                foreach (var (name, entry) in Entries(value))
                {
                    if (!holder.Members.TryGetValue(name, out var member)) continue;
                    Visit(map.Value, member.Value, entry, RecipePath.Join(path, name), null);
                }
                break;
        }
    }

    private void VisitReward(RewardShape shape, ObjectNode holder, string name, RewardRecipe reward, string path, object? owner)
    {
        if (!holder.Members.TryGetValue(name, out var member) || shape.Find(name) is not { } entry) return;
        var at = RecipePath.Join(path, name);
        // 0 says what is done: measured, and not rewarded.
        if (owner is SampleStage or BenchmarkRecipe && reward.Weight is not (0 or 1)) JudgeWeight(holder, name, member, at);
        if (member.Value is not ObjectNode written || reward.Options is not { } options
            || !written.Members.TryGetValue(RewardEntryShape.OptionsField, out var inner)) return;
        Visit(entry.Options, inner.Value, options.Deserialize(entry.Options.Type, R1Json.Options),
            RecipePath.Join(at, RewardEntryShape.OptionsField), null);
    }

    // A number alone is a weight.
    private void JudgeWeight(ObjectNode holder, string name, RecipeMember member, string path)
    {
        if (member.Value is ObjectNode written)
        {
            if (!written.Members.TryGetValue(RewardEntryShape.WeightField, out var weight)) return;
            Judge(new(written, RewardEntryShape.WeightField, weight.Value, RecipePath.Join(path, RewardEntryShape.WeightField)), NoWeights);
            return;
        }
        if (Tell(new(holder, name, member.Value, path), NoWeights, "1")) return;
        holder.Members[name] = member with { Value = new ScalarNode(member.Value.At, JsonValueKind.Number, "1") };
        changed = true;
    }

    private void Judge(Setting setting, Unread unread)
    {
        if (setting.IsDefault || Equals(setting.Value, unread.Instead)) setting.Holder.Members.Remove(setting.Name);
        else Judge(setting, unread.Because);
        changed |= !setting.Holder.Members.ContainsKey(setting.Name);
    }

    private void Judge(Setting setting, string because)
    {
        if (Tell(setting, because, "left out")) return;
        setting.Holder.Members.Remove(setting.Name);
        changed = true;
    }

    private bool Tell(Setting setting, string because, string allowed)
    {
        if (!IsOwn(setting.Path, setting.Node)) return false;
        problems.Add(setting.Node.At, setting.Path, setting.Node.Shown, $"{setting.Node.Shown} has no effect: {because}", allowed);
        return true;
    }

    // A setting inside of a record; null where the recipe says nothing of it.
    private static Setting? Find(Inside at, IReadOnlyList<string> names)
    {
        foreach (var (place, name) in names.Index())
        {
            if (at.Shape is MapShape map)
            {
                if (!at.Holder.Members.TryGetValue(name, out var entry) || entry.Value is not ObjectNode inner) return null;
                var one = Entries(at.Value).First(entry => entry.Name == name).Value;
                if (KindOf(map.Value, one) is not ObjectShape kind) return null;
                at = new(inner, kind, one, kind.Defaults(), RecipePath.Join(at.Path, name));
                continue;
            }
            var field = ((ObjectShape)at.Shape).Fields.First(field => field.Property.Name == name);
            if (!at.Holder.Members.TryGetValue(field.Name, out var member)) return null;
            var (value, given) = (field.Property.GetValue(at.Value), at.Defaults is null ? null : field.Property.GetValue(at.Defaults));
            var path = RecipePath.Join(at.Path, field.Name);
            if (place == names.Count - 1)
                return new(at.Holder, field.Name, member.Value, path) { Value = value, IsDefault = Same(field, value, given) };
            if (value is null || member.Value is not ObjectNode holder) return null;
            var shape = KindOf(field.Shape, value);
            at = new(holder, shape, value, given ?? (shape as ObjectShape)?.Defaults(), path);
        }
        return null;
    }

    private static RecipeShape KindOf(RecipeShape shape, object value) =>
        shape is UnionShape union ? union.Kinds.Values.First(kind => kind.Type == value.GetType()) : shape;

    private static IEnumerable<(string Name, object Value)> Entries(object map) => ((IEnumerable)map).Cast<object>().Select(entry =>
        ((string)entry.GetType().GetProperty("Key")!.GetValue(entry)!, entry.GetType().GetProperty("Value")!.GetValue(entry)!));

    // Lists are equal by what they hold.
    private static bool Same(RecipeField field, object? one, object? other) => Equals(one, other) || one is not null && other is not null
        && JsonSerializer.Serialize(one, field.Property.PropertyType, R1Json.Options)
            == JsonSerializer.Serialize(other, field.Property.PropertyType, R1Json.Options);

    private bool IsOwn(string path, RecipeNode node) => !shared.Contains(node) && node.At.File == root.At.File
        && (own is null || own.Any(set => path == set || path.StartsWith(set + ".", StringComparison.Ordinal)));

    private sealed record Inside(ObjectNode Holder, RecipeShape Shape, object Value, object? Defaults, string Path);

    private sealed record Setting(ObjectNode Holder, string Name, RecipeNode Node, string Path)
    {
        public object? Value { get; init; }

        public bool IsDefault { get; init; }
    }
}
