using System.Reflection;
using System.Text;
using System.Text.Json;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>Recipes that come with the product and that others extend by name.</summary>
public static class RecipePresets
{
    private const string Prefix = "recipes/presets/", Suffix = ".json";

    /// <summary>The presets' names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Suffix.Length]).Order(StringComparer.Ordinal)];

    /// <summary>Where problems in a preset are said to be: its file in the repository.</summary>
    internal static string FileOf(string name) => Prefix + name + Suffix;

    /// <summary>A preset's text.</summary>
    internal static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(FileOf(name))!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

/// <summary>
/// Resolves <c>"extends"</c>: a preset's name, or a path beginning with <c>./</c> or <c>../</c>. Objects merge field by field, everything
/// else is replaced, null takes away. An object whose <c>kind</c> changes is replaced whole: its fields mean something else.
/// </summary>
internal sealed class RecipeInheritance(RecipeProblems problems)
{
    private const string Extends = "extends", Schema = "$schema", Kind = "kind";

    private readonly List<(string Identity, string Shown)> chain = [];

    /// <summary>The recipe with everything that it inherits.</summary>
    /// <param name="recipe">What the file says.</param>
    /// <param name="identity">What the file is, for finding circles: a full path or a preset.</param>
    /// <param name="file">The file's path, or null where files may not be read.</param>
    public ObjectNode Resolve(ObjectNode recipe, string identity, string? file)
    {
        chain.Add((identity, recipe.At.File));
        if (recipe.Members.Remove(Schema, out var schema) && schema.Value is not ScalarNode { Kind: JsonValueKind.String })
            problems.Add(schema.Value.At, Schema, schema.Value.Shown, $"{schema.Value.Shown} is not allowed",
                "a string: where editors find the JSON Schema");
        if (recipe.Members.Remove(Extends, out var extends) && extends.Value is not ScalarNode { IsNull: true }
            && ReadBase(extends.Value, file) is { } inherited)
            recipe = Merge(inherited, recipe);
        chain.RemoveAt(chain.Count - 1);
        return recipe;
    }

    private ObjectNode? ReadBase(RecipeNode extends, string? file)
    {
        if (extends is not ScalarNode { Kind: JsonValueKind.String, Text: var name })
            return Refuse(extends, $"{extends.Shown} is not allowed");
        var (identity, shown, path) = ("preset " + name, RecipePresets.FileOf(name), (string?)null);
        if (name.StartsWith("./", StringComparison.Ordinal) || name.StartsWith("../", StringComparison.Ordinal))
        {
            if (file is null) return Refuse(extends, $"{extends.Shown} is a file, and there are none here; send the resolved recipe");
            path = Path.GetFullPath(name, Path.GetDirectoryName(Path.GetFullPath(file))!);
            (identity, shown) = (path, Path.IsPathFullyQualified(file) ? path : Path.GetRelativePath(Environment.CurrentDirectory, path));
        }
        else if (!RecipePresets.Names.Contains(name))
        {
            return Refuse(extends, $"there is no preset {extends.Shown}{Spelling.DidYouMean(name, RecipePresets.Names)}");
        }
        if (chain.FindIndex(link => link.Identity == identity) is >= 0 and var first)
            return Refuse(extends, $"a circle: {string.Join(" → ", chain.Skip(first).Select(link => link.Shown).Append(shown))}");
        var text = path is null ? RecipePresets.Read(name) : RecipeLoader.ReadText(path, problems, extends.At, Extends, extends.Shown);
        return text is not null && RecipeReader.Read(shown, text, problems) is { } inherited ? Resolve(inherited, identity, path) : null;
    }

    private ObjectNode? Refuse(RecipeNode extends, string message)
    {
        problems.Add(extends.At, Extends, extends.Shown, message,
            $"a preset ({string.Join(", ", RecipePresets.Names)}) or the path of a recipe, beginning with ./ or ../");
        return null;
    }

    private static ObjectNode Merge(ObjectNode inherited, ObjectNode own)
    {
        if (own.Members.TryGetValue(Kind, out var kind) && inherited.Members.TryGetValue(Kind, out var was)
            && kind.Value.Shown != was.Value.Shown) return own;
        var merged = new ObjectNode(own.At);
        foreach (var name in MergeOrder([.. inherited.Members.Keys], [.. own.Members.Keys]))
        {
            var before = inherited.Members.GetValueOrDefault(name);
            var after = own.Members.GetValueOrDefault(name);
            if (before is not null && after?.Value is ScalarNode { IsNull: true }) continue;
            if (before?.Value is ObjectNode a && after?.Value is ObjectNode b) merged.Members.Add(name, after with { Value = Merge(a, b) });
            else merged.Members.Add(name, (after ?? before)!);
        }
        return merged;
    }

    /// <summary>
    /// The order of two lists merged: inherited names keep their places (in the order of the new list, should that differ), and a new
    /// name goes before the inherited one that it is written before, or to the end.
    /// </summary>
    internal static IReadOnlyList<string> MergeOrder(IReadOnlyList<string> inherited, IReadOnlyList<string> own,
        IEqualityComparer<string>? comparer = null)
    {
        HashSet<string> known = new(inherited, comparer ?? StringComparer.Ordinal), again = new(own, comparer ?? StringComparer.Ordinal);
        // The inherited names that the new list has too, each after the new names that are written before it.
        var common = new Queue<List<string>>();
        var pending = new List<string>();
        foreach (var name in own)
        {
            pending.Add(name);
            if (!known.Contains(name)) continue;
            common.Enqueue(pending);
            pending = [];
        }
        return [.. inherited.SelectMany(name => again.Contains(name) ? common.Dequeue() : [name]), .. pending];
    }
}
