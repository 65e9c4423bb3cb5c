using System.Text.Json;

namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>A place in a file; line and column from 1.</summary>
internal readonly record struct Location(string File, int Line, int Column);

/// <summary>
/// A JSON value that remembers where it was written, so that a merged recipe can still name the file and line of each of its values.
/// </summary>
internal abstract record RecipeNode(Location At)
{
    /// <summary>The value as a problem shows it.</summary>
    public abstract string Shown { get; }
}

/// <summary>An object; its members keep the order of the document.</summary>
internal sealed record ObjectNode(Location At) : RecipeNode(At)
{
    public OrderedDictionary<string, RecipeMember> Members { get; } = new(StringComparer.Ordinal);

    public override string Shown => Members.Count == 0 ? "{}" : "{…}";

    /// <summary>The value at a dotted path, or the innermost object on the way to it that exists.</summary>
    public (RecipeNode Node, bool Found) Find(string path)
    {
        RecipeNode node = this;
        foreach (var name in path.Split('.'))
        {
            if (node is not ObjectNode here || !here.Members.TryGetValue(name, out var member)) return (node, false);
            node = member.Value;
        }
        return (node, true);
    }
}

/// <summary>A member of an object.</summary>
/// <param name="NameAt">Where its name stands.</param>
/// <param name="Value">Its value.</param>
internal sealed record RecipeMember(Location NameAt, RecipeNode Value);

/// <summary>An array.</summary>
internal sealed record ArrayNode(Location At, IReadOnlyList<RecipeNode> Items) : RecipeNode(At)
{
    public override string Shown => Items.Count == 0 ? "[]" : "[…]";
}

/// <summary>A string, number, boolean or null.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Kind">Which of them.</param>
/// <param name="Text">A string's characters; otherwise the literal as written.</param>
internal sealed record ScalarNode(Location At, JsonValueKind Kind, string Text) : RecipeNode(At)
{
    private const int MostShown = 60;

    public bool IsNull => Kind == JsonValueKind.Null;

    public override string Shown => Kind == JsonValueKind.String ? Quote(Text) : Cut(Text);

    public static string Quote(string text) => $"\"{Cut(text)}\"";

    private static string Cut(string text) => text.Length > MostShown ? text[..MostShown] + "…" : text;
}
