using R1Cloud.Testing;
using System.Text;

namespace R1Cloud.Tokenizers.Tests;

/// <summary>Agreement with public tokenizers: see Fixtures/README.md.</summary>
public class PublishedTokenizerTests
{
    [Theory]
    [InlineData("qwen3")]
    [InlineData("deepseek_v3")]
    [InlineData("llama3")]
    public void Encode_OfEveryFixture_GivesItsIdsAndText(string name)
    {
        var tokenizer = PublishedTokenizers.Load(name);
        var rows = PublishedTokenizers.Rows($"tokenizer_{name}.jsonl");
        rows.Count.ShouldBeGreaterThan(200);
        var wrong = new List<string>();
        foreach (var row in rows)
        {
            var ids = tokenizer.Encode(row.Text("text"));
            if (!ids.SequenceEqual(row.GetProperty("ids").Ints()))
                wrong.Add($"{row.GetProperty("text").GetRawText()}: [{string.Join(", ", ids)}], not {row.GetProperty("ids").GetRawText()}");
            var decoded = tokenizer.Decode(ids, keepSpecial: true);
            if (decoded != row.Text("decoded")) wrong.Add($"{row.GetProperty("text").GetRawText()}: decoded '{decoded}'");
        }
        wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("deepseek_v3")]
    [InlineData("llama3")]
    public void Stream_OfEveryFixture_GivesWholeCodePointsAndTheSameText(string name)
    {
        var tokenizer = PublishedTokenizers.Load(name);
        foreach (var row in PublishedTokenizers.Rows($"tokenizer_{name}.jsonl"))
        {
            var stream = tokenizer.Stream(keepSpecial: true);
            var streamed = new StringBuilder();
            foreach (var id in row.GetProperty("ids").Ints())
            {
                var text = stream.Append(id);
                text.EnumerateRunes().ShouldAllBe(rune => rune != Rune.ReplacementChar || row.Text("text").Contains('\uFFFD'));
                streamed.Append(text);
            }
            streamed.Append(stream.Flush()).ToString().ShouldBe(row.Text("decoded"));
        }
    }
}
