using System.Text;
using System.Text.Json;

namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>
/// Reads JSON with comments and trailing commas into a tree that knows the line and column of every name and value. What the rules do grows
/// with the product of a recipe's parts, so it refuses objects and lists of more entries than any recipe has.
/// </summary>
internal ref struct RecipeReader
{
    /// <summary>Fields or names of an object.</summary>
    public const int MostMembers = 200;

    /// <summary>Entries of a list.</summary>
    public const int MostItems = 2000;

    private readonly string file;
    private readonly RecipeProblems problems;
    private readonly ReadOnlySpan<byte> text;
    private Utf8JsonReader reader;
    private TextPosition position;

    private RecipeReader(string file, ReadOnlySpan<byte> text, RecipeProblems problems)
    {
        this.file = file;
        this.problems = problems;
        this.text = text;
        position = new TextPosition(text);
        reader = new(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
    }

    /// <summary>The document's root object, or null with a problem added.</summary>
    public static ObjectNode? Read(string file, string json, RecipeProblems problems)
    {
        var self = new RecipeReader(file, Encoding.UTF8.GetBytes(json.TrimStart('\uFEFF')), problems);
        try
        {
            self.reader.Read();
            var root = self.ReadValue(null);
            self.reader.Read(); // whatever follows the value is an error
            if (root is ObjectNode recipe) return recipe;
            problems.Add(root.At, "", root.Shown, "a recipe is an object", "{ \"name\": …, \"stages\": { … } }");
        }
        catch (JsonException e)
        {
            var at = new Location(file, (int)(e.LineNumber ?? 0) + 1, self.ColumnOf(e.LineNumber ?? 0, e.BytePositionInLine ?? 0));
            problems.Add(at, "", "", $"not JSON: {e.Message.Split(" LineNumber:")[0].TrimEnd('.')}",
                "JSON, in which comments and trailing commas are fine");
        }
        return null;
    }

    private RecipeNode ReadValue(PathStep? path)
    {
        var at = Here();
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var value = new ObjectNode(at);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject) ReadMember(value, path);
                return value;
            case JsonTokenType.StartArray:
                var items = new List<RecipeNode>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (items.Count == MostItems)
                        problems.Refuse(Here(), Text(path), "[…]", "a list of too many entries", $"at most {MostItems} entries");
                    items.Add(ReadValue(new(path, null, items.Count)));
                }
                return new ArrayNode(at, items);
            case JsonTokenType.String:
                return new ScalarNode(at, JsonValueKind.String, ReadString(at, path));
            case JsonTokenType.Number:
                return new ScalarNode(at, JsonValueKind.Number, Encoding.UTF8.GetString(reader.ValueSpan));
            case JsonTokenType.True:
                return new ScalarNode(at, JsonValueKind.True, "true");
            case JsonTokenType.False:
                return new ScalarNode(at, JsonValueKind.False, "false");
            default:
                return new ScalarNode(at, JsonValueKind.Null, "null");
        }
    }

    private void ReadMember(ObjectNode owner, PathStep? path)
    {
        var at = Here();
        var name = ReadString(at, path);
        var inner = new PathStep(path, name, 0);
        reader.Read();
        var value = ReadValue(inner);
        if (owner.Members.Count == MostMembers)
            problems.Refuse(at, Text(path), "{…}", "an object of too many fields", $"at most {MostMembers} fields");
        if (owner.Members.TryGetValue(name, out var first))
            problems.Add(at, Text(inner), value.Shown, $"{ScalarNode.Quote(name)} is here twice",
                $"each name once (it is in line {first.NameAt.Line} already)");
        else owner.Members.Add(name, new(at, value));
    }

    private string ReadString(Location at, PathStep? path)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException) // half a surrogate pair, written as an escape
        {
            var raw = Encoding.UTF8.GetString(reader.ValueSpan);
            problems.Add(at, Text(path), ScalarNode.Quote(raw), $"{ScalarNode.Quote(raw)} is not text", "valid Unicode");
            return raw;
        }
    }

    // Written out for a problem alone: a path is as long as the names around a value, and a recipe may have very many values.
    private static string Text(PathStep? path) => path switch
    {
        null => "",
        { Name: { } name } => RecipePath.Join(Text(path.Outer), name),
        _ => $"{Text(path.Outer)}[{path.Index}]",
    };

    private Location Here()
    {
        position.MoveTo((int)reader.TokenStartIndex);
        return new(file, position.Line, position.Column);
    }

    private readonly int ColumnOf(long errorLine, long bytes)
    {
        var start = 0;
        for (; errorLine > 0 && text[start..].IndexOf((byte)'\n') is >= 0 and var end; errorLine--) start += end + 1;
        return Encoding.UTF8.GetCharCount(text.Slice(start, (int)Math.Min(bytes, text.Length - start))) + 1;
    }
}

/// <summary>A step of the way to a value: a field's name, or a place in a list.</summary>
internal sealed record PathStep(PathStep? Outer, string? Name, int Index);

/// <summary>Dotted paths of fields.</summary>
internal static class RecipePath
{
    // A name is repeated in the path of everything below it; no field's is as long.
    private const int MostOfName = 80;

    public static string Join(string outer, string name)
    {
        name = name.Length > MostOfName ? name[..MostOfName] + "…" : name;
        return outer.Length == 0 ? name : $"{outer}.{name}";
    }
}
