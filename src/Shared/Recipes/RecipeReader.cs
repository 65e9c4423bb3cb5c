using System.Text;
using System.Text.Json;

namespace R1Cloud.Shared.Recipes;

/// <summary>Reads JSON with comments and trailing commas into a tree that knows the line and column of every name and value.</summary>
internal ref struct RecipeReader
{
    private readonly string file;
    private readonly ReadOnlySpan<byte> text;
    private readonly RecipeProblems problems;
    private Utf8JsonReader reader;
    private int line, lineStart, scanned;

    private RecipeReader(string file, ReadOnlySpan<byte> text, RecipeProblems problems)
    {
        this.file = file;
        this.text = text;
        this.problems = problems;
        reader = new(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        line = 1;
    }

    /// <summary>The document's root object, or null with a problem added.</summary>
    public static ObjectNode? Read(string file, string json, RecipeProblems problems)
    {
        var self = new RecipeReader(file, Encoding.UTF8.GetBytes(json.TrimStart('\uFEFF')), problems);
        try
        {
            self.reader.Read();
            var root = self.ReadValue("");
            self.reader.Read(); // whatever follows the value is an error
            if (root is ObjectNode recipe) return recipe;
            problems.Add(root.At, "", root.Shown, "a recipe is an object", "{ \"name\": …, \"stages\": { … } }");
        }
        catch (JsonException e)
        {
            var at = new Location(file, (int)(e.LineNumber ?? 0) + 1, self.ColumnOf(e.LineNumber ?? 0, e.BytePositionInLine ?? 0));
            problems.Add(at, "", "", $"not JSON: {e.Message.Split(" LineNumber:")[0].TrimEnd('.')}", "JSON, in which comments and trailing commas are fine");
        }
        return null;
    }

    private RecipeNode ReadValue(string path)
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
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(ReadValue($"{path}[{items.Count}]"));
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

    private void ReadMember(ObjectNode owner, string path)
    {
        var at = Here();
        var name = ReadString(at, path);
        var inner = RecipePath.Join(path, name);
        reader.Read();
        var value = ReadValue(inner);
        if (owner.Members.TryGetValue(name, out var first))
            problems.Add(at, inner, value.Shown, $"{ScalarNode.Quote(name)} is here twice", $"each name once (it is in line {first.NameAt.Line} already)");
        else owner.Members.Add(name, new(at, value));
    }

    private string ReadString(Location at, string path)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException) // half a surrogate pair, written as an escape
        {
            var raw = Encoding.UTF8.GetString(reader.ValueSpan);
            problems.Add(at, path, ScalarNode.Quote(raw), $"{ScalarNode.Quote(raw)} is not text", "valid Unicode");
            return raw;
        }
    }

    private Location Here()
    {
        var start = (int)reader.TokenStartIndex;
        for (; scanned < start; scanned++)
        {
            if (text[scanned] == (byte)'\n') (line, lineStart) = (line + 1, scanned + 1);
        }
        return new(file, line, Encoding.UTF8.GetCharCount(text[lineStart..start]) + 1);
    }

    private readonly int ColumnOf(long errorLine, long bytes)
    {
        var start = 0;
        for (; errorLine > 0 && text[start..].IndexOf((byte)'\n') is >= 0 and var end; errorLine--) start += end + 1;
        return Encoding.UTF8.GetCharCount(text.Slice(start, (int)Math.Min(bytes, text.Length - start))) + 1;
    }
}

/// <summary>Dotted paths of fields.</summary>
internal static class RecipePath
{
    public static string Join(string outer, string name) => outer.Length == 0 ? name : $"{outer}.{name}";
}
