using System.Collections;
using R1Cloud.Shared.Recipes.Reading;
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
    private readonly HashSet<RecipeNode> once = new(ReferenceEqualityComparer.Instance), shared = new(ReferenceEqualityComparer.Instance);
    private bool changed;

    /// <summary>Looks at a recipe; true when something was taken away, so that the tree must be bound anew.</summary>
    public bool Check(Recipe recipe)
    {
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
    private void Visit(RecipeShape shape, RecipeNode node, object? value, string path, object? given)
    {
        if (value is null || node is not ObjectNode holder) return;
        if (shape is UnionShape union) shape = union.Kinds.Values.First(kind => kind.Type == value.GetType());
        switch (shape)
        {
            case ObjectShape record:
                var defaults = given ?? record.Defaults();
                var common = value is EvaluationRecipe { Benchmarks.Count: > 0 }; // what stands there is for the benchmarks
                if (!problems.Concern(path) && !common) Judge(record, holder, value, defaults, path);
                foreach (var field in record.Fields.Where(field => !common || field.Property.Name == nameof(EvaluationRecipe.Benchmarks)))
                {
                    if (!holder.Members.TryGetValue(field.Name, out var member)) continue;
                    var (inner, otherwise) = (field.Property.GetValue(value), field.Property.GetValue(defaults));
                    Visit(field.Shape, member.Value, inner, RecipePath.Join(path, field.Name), otherwise);
                }
                break;
            case MapShape map:
                foreach (var entry in (IEnumerable)value)
                {
                    var name = (string)entry.GetType().GetProperty("Key")!.GetValue(entry)!;
                    if (!holder.Members.TryGetValue(name, out var member)) continue;
                    Visit(map.Value, member.Value, entry.GetType().GetProperty("Value")!.GetValue(entry), RecipePath.Join(path, name),
                        null);
                }
                break;
        }
    }

    private void Judge(ObjectShape record, ObjectNode holder, object value, object defaults, string path)
    {
        foreach (var unread in Unread.Of(value).ToList())
        {
            var field = record.Fields.First(field => field.Property.Name == unread.Property);
            if (!holder.Members.TryGetValue(field.Name, out var member)) continue;
            var (set, at) = (field.Property.GetValue(value), RecipePath.Join(path, field.Name));
            var harmless = Equals(set, field.Property.GetValue(defaults)) || Equals(set, unread.Instead);
            if (!harmless && IsOwn(at, member.Value))
            {
                problems.Add(member.Value.At, at, member.Value.Shown, $"{member.Value.Shown} has no effect: {unread.Because}", "left out");
                continue;
            }
            holder.Members.Remove(field.Name);
            changed = true;
        }
    }

    private bool IsOwn(string path, RecipeNode node) => !shared.Contains(node) && node.At.File == root.At.File
        && (own is null || own.Any(set => path == set || path.StartsWith(set + ".", StringComparison.Ordinal)));
}
