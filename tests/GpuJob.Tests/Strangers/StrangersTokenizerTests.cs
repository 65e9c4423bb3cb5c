using System.Text;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>Tokenizers of strangers: tokens, ids and patterns that do not fit are named.</summary>
public sealed class StrangersTokenizerTests
{
    [Theory]
    [InlineData("tokenizer.json", "added_tokens", """[{ "id": 60, "content": "<x>", "special": true }]""",
        "'<x>' has the id 60, which is that of '9'")]
    [InlineData("tokenizer.json", "added_tokens", """[{ "id": 300, "content": "<x>" }, { "id": 300, "content": "<y>" }]""",
        "'<y>' has the id 300, which is that of '<x>'")]
    [InlineData("tokenizer.json", "added_tokens", """[{ "id": 300, "content": "<x>" }, { "id": 301, "content": "<x>" }]""",
        "'<x>' has the ids 300 and 301")]
    [InlineData("tokenizer.json", "added_tokens", """[{ "id": 300, "content": "Z" }]""", "'Z' has the ids 93 and 300")]
    [InlineData("tokenizer.json", "model", """{ "type": "BPE", "vocab": { "a": 5, "b": 5 }, "merges": [] }""",
        "'b' has the id 5, which is that of 'a'")]
    [InlineData("tokenizer_config.json", "added_tokens_decoder", """{ "2": { "content": "<end>", "special": true } }""",
        "'<end>' has the id 2, which is that of '</s>'")]
    [InlineData("tokenizer_config.json", "added_tokens_decoder", """{ "300": { "content": "</s>", "special": true } }""",
        "'</s>' has the ids 2 and 300")]
    public void Load_TokensThatShareAnIdOrHaveTwo_AreNamed(string file, string field, string value, string named)
    {
        using var folder = new StrangersFolder();
        folder.With(file, (field, value));
        var message = folder.Refusal(root => TokenizerLoader.Load(root));
        message.ShouldContain(named);
        message.ShouldContain(file);
    }

    [Theory]
    [InlineData(2147483647)]
    [InlineData(-1)]
    [InlineData(1 << 22)]
    public void Load_TokenIdBeyondAnyVocabulary_IsRefused(int id)
    {
        using var folder = new StrangersFolder();
        folder.With("tokenizer.json", ("added_tokens", $$"""[{ "id": {{id}}, "content": "<x>", "special": true }]"""));
        folder.Refusal(root => TokenizerLoader.Load(root)).ShouldContain($"{id}");
        using var other = new StrangersFolder();
        other.With("tokenizer_config.json", ("added_tokens_decoder", $$"""{ "{{id}}": { "content": "<x>", "special": true } }"""));
        other.Refusal(root => TokenizerLoader.Load(root)).ShouldContain($"{id}");
        using var third = new StrangersFolder();
        third.With("tokenizer.json", ("model", $$"""{ "type": "BPE", "vocab": { "a": {{id}} }, "merges": [] }"""));
        third.Refusal(root => TokenizerLoader.Load(root)).ShouldContain($"{id}");
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a*)*b")]
    public void Encode_PatternThatBacktracks_IsRefusedWithItsFile(string pattern)
    {
        using var folder = new StrangersFolder();
        folder.With("tokenizer.json",
            ("pre_tokenizer", $$"""{ "type": "Split", "pattern": { "Regex": "{{pattern}}" }, "behavior": "Isolated", "invert": false }"""),
            ("normalizer", "null"));
        var tokenizer = TokenizerLoader.Load(folder.Root);
        folder.Refusal(_ => tokenizer.Encode(new string('a', 60) + "c")).ShouldContain("tokenizer.json");
    }

    [Theory]
    [InlineData("[", 20_000)]
    [InlineData("(", 20_000)]
    [InlineData("[[", 100)]
    [InlineData("(?:a*", 90)]
    public void Load_PatternThatNests_IsRefused(string part, int times)
    {
        using var folder = new StrangersFolder();
        var pattern = new StringBuilder().Insert(0, part, times);
        folder.With("tokenizer.json",
            ("pre_tokenizer", $$"""{ "type": "Split", "pattern": { "Regex": "{{pattern}}" }, "behavior": "Isolated", "invert": false }"""));
        folder.Refusal(root => TokenizerLoader.Load(root)).ShouldContain("tokenizer.json");
    }
}
