using System.Text.Json.Nodes;

namespace R1Cloud.Tokenizers.Tests;

/// <summary>A folder with a small byte-level tokenizer of this project's own, to change as a test needs.</summary>
internal sealed class TokenizerFolder : IDisposable
{
    public TokenizerFolder(string model = "byte") => File = new JsonObject
    {
        ["added_tokens"] = new JsonArray(Special(1000, "<|end|>"), Special(1001, "<|begin|>"), Special(1002, "<|user|>")),
        ["pre_tokenizer"] = JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"""),
        ["decoder"] = JsonNode.Parse("""{"type":"ByteLevel"}"""),
        ["model"] = JsonNode.Parse(System.IO.File.ReadAllText(PublishedTokenizers.Fixture("tokenizer_models.json")))![model]!.DeepClone(),
    };

    public string Path { get; } = Directory.CreateTempSubdirectory("r1-tokenizer-").FullName;

    /// <summary>What tokenizer.json will hold.</summary>
    public JsonObject File { get; }

    public static JsonObject Special(int id, string content) => new() { ["id"] = id, ["content"] = content, ["special"] = true };

    public TokenizerFolder With(string name, string content)
    {
        var file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        System.IO.File.WriteAllText(file, content);
        return this;
    }

    public ITokenizer Load() => TokenizerLoader.Load(With("tokenizer.json", File.ToJsonString()).Path);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
