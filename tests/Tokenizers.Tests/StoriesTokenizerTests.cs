using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Testing;

namespace R1Cloud.Tokenizers.Tests;

/// <summary>
/// A SentencePiece vocabulary (scores, byte fallback) in the form that Hugging Face's converter gives it, against ids of a C program.
/// </summary>
public sealed class StoriesTokenizerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("r1-tokenizer-").FullName;

    [Fact]
    public void Encode_OfEveryPrompt_GivesTheReferencesIds()
    {
        var source = Fixtures.Shared("data/shared_only/stories260K_hf");
        Convert(JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(source, "tok512.json"))));
        var tokenizer = TokenizerLoader.Load(folder);
        tokenizer.BosId.ShouldBe(1);
        foreach (var line in File.ReadLines(Path.Combine(source, "golden_logits.jsonl")))
        {
            var row = JsonSerializer.Deserialize<JsonElement>(line);
            var ids = row.GetProperty("prompt_ids").Ints();
            tokenizer.EncodeMarked(row.Text("prompt")).ShouldBe(ids, row.Text("prompt"));
            tokenizer.Decode(ids).ShouldBe(row.Text("prompt"));
        }
    }

    private void Convert(JsonElement pieces)
    {
        var tokens = pieces.EnumerateArray()
            .Select((piece, id) => id switch { 1 => "<s>", 2 => "</s>", _ => piece.Text("piece").Replace(' ', '▁') }).ToList();
        var ids = new Dictionary<string, int>();
        for (var id = 0; id < tokens.Count; id++) ids.TryAdd(tokens[id], id);
        // Every way to make a piece of two others, the best scores first.
        var merges = new JsonArray();
        foreach (var token in ids.Where(entry => entry.Value > 258)
            .OrderByDescending(entry => pieces[entry.Value].GetProperty("score").GetDouble()).Select(entry => entry.Key))
        {
            foreach (var cut in Enumerable.Range(1, token.Length - 1)
                .Where(cut => ids.ContainsKey(token[..cut]) && ids.ContainsKey(token[cut..])))
                merges.Add(new JsonArray(token[..cut], token[cut..]));
        }
        JsonObject Special(int id) => new() { ["id"] = id, ["content"] = tokens[id], ["special"] = true };
        var file = new JsonObject
        {
            ["added_tokens"] = new JsonArray(Special(0), Special(1), Special(2)),
            ["normalizer"] =
                JsonNode.Parse(
                    """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}"""),
            ["post_processor"] =
                JsonNode.Parse(
                    """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}}"""),
            ["decoder"] =
                JsonNode.Parse(
                    """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["unk_token"] = "<unk>", ["fuse_unk"] = true, ["byte_fallback"] = true,
                ["vocab"] = new JsonObject(ids.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
                    ["merges"] = merges,
            },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), file.ToJsonString());
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
