using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Tests;

public sealed class EncodingTests : IDisposable
{
    private readonly TokenizerFolder folder = new();

    [Theory]
    [InlineData("a\uD83D")]
    [InlineData("\uDE00b")]
    [InlineData("\uD83D\uD83D\uDE00")]
    public void Encode_OfHalfASurrogatePair_EncodesTheReplacementCharacter(string text)
    {
        var tokenizer = folder.Load();
        tokenizer.Decode(tokenizer.Encode(text)).ShouldContain("\uFFFD");
    }

    [Fact]
    public void Encode_OfLongTexts_IsExactAndQuick()
    {
        var tokenizer = folder.Load();
        foreach (var text in (string[])[new string('a', 200_000), new string(' ', 200_000), string.Concat(Enumerable.Repeat("你好", 50_000)),
            string.Concat(Enumerable.Repeat("ab ", 100_000))])
            tokenizer.Decode(tokenizer.Encode(text)).ShouldBe(text);
    }

    [Fact]
    public void Encode_OnManyThreads_GivesTheSame()
    {
        var tokenizer = folder.Load();
        string[] texts = [.. PublishedTokenizers.Rows("tokenizer_qwen3.jsonl").Select(row => row.Text("text"))];
        int[][] expected = [.. texts.Select(tokenizer.Encode)];
        Parallel.For(0, 16, _ => { for (var i = 0; i < texts.Length; i++) tokenizer.Encode(texts[i]).ShouldBe(expected[i]); });
    }

    [Fact]
    public void Encode_OfWhatTheVocabularyLacks_IsAnError()
    {
        folder.File["model"]!["vocab"]!.AsObject().Remove("z");
        folder.File["model"]!["merges"] = new System.Text.Json.Nodes.JsonArray();
        Should.Throw<BadInputException>(() => folder.Load().Encode("xyz")).Message.ShouldContain("'z' has no token");
    }

    public void Dispose() => folder.Dispose();
}
