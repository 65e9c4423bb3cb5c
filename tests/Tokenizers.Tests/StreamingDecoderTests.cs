using System.Text;
using System.Text.Json.Nodes;

namespace R1Cloud.Tokenizers.Tests;

public sealed class StreamingDecoderTests : IDisposable
{
    private readonly TokenizerFolder bytes = new(), pieces = new("sp");

    public StreamingDecoderTests()
    {
        pieces.File["added_tokens"] = new JsonArray();
        pieces.File["pre_tokenizer"] = null;
        pieces.File["decoder"] =
            JsonNode.Parse(
                """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""");
    }

    [Fact]
    public void Append_OfBytesOfOneCodePoint_GivesItWhenItIsWhole()
    {
        var tokenizer = bytes.Load();
        var stream = tokenizer.Stream();
        var ids = Encoding.UTF8.GetBytes("é😀").Select(value => (int)value).ToArray();
        string[] given = [.. ids.Select(id => stream.Append(id))];
        given.ShouldBe(["", "é", "", "", "", "😀"]);
        stream.Flush().ShouldBe("");
    }

    [Fact]
    public void Flush_OfHalfACodePoint_GivesTheReplacementCharacter()
    {
        var stream = bytes.Load().Stream();
        stream.Append([0xF0, 0x9F]).ShouldBe("");
        stream.Flush().ShouldBe("\uFFFD");
        stream.Append('a').ShouldBe("a", "it can be used again");
    }

    [Fact]
    public void Append_OfByteTokens_WaitsForTheRunsEnd()
    {
        var tokenizer = pieces.Load();
        const int byteZero = 3;
        int Byte(int value) => byteZero + value;
        var stream = tokenizer.Stream();
        stream.Append([Byte(0xE4), Byte(0xBD), Byte(0xA0)]).ShouldBe("");
        stream.Append(tokenizer.Encode("a")[0]).ShouldBe("你a");
        stream.Append([Byte(0xE4), Byte(0xBD)]).ShouldBe("");
        stream.Append(tokenizer.Encode("a")[0]).ShouldBe("\uFFFD\uFFFDa", "a malformed run is one replacement character a byte");
    }

    [Fact]
    public void Append_OfRandomIds_AltogetherGivesWhatDecodeGives()
    {
        var random = new Random(5);
        foreach (var tokenizer in (ITokenizer[])[bytes.Load(), pieces.Load()])
        {
            for (var round = 0; round < 300; round++)
            {
                int[] ids = [.. Enumerable.Range(0, 40)
                    .Select(_ => random.Next(3) == 0 ? random.Next(tokenizer.VocabularySize + 5) : random.Next(260))];
                var stream = tokenizer.Stream();
                var text = new StringBuilder();
                foreach (var id in ids)
                {
                    var part = stream.Append(id);
                    if (part.Length > 0) char.IsLowSurrogate(part[0]).ShouldBeFalse();
                    text.Append(part);
                }
                text.Append(stream.Flush()).ToString().ShouldBe(tokenizer.Decode(ids));
            }
        }
    }

    public void Dispose()
    {
        bytes.Dispose();
        pieces.Dispose();
    }
}
