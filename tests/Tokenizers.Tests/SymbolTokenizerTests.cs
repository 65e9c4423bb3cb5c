using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Tests;

public sealed class SymbolTokenizerTests
{
    private readonly ITokenizer tokenizer = new SymbolTokenizer("0123456789+=;");

    [Theory]
    [InlineData("57+83=")]
    [InlineData("<think>7+3+0=10</think><answer>140</answer>")]
    [InlineData("</answer><think>")]
    [InlineData("")]
    public void Decode_OfEncoded_GivesTextBack(string text) => tokenizer.Decode(tokenizer.Encode(text)).ShouldBe(text);

    [Fact]
    public void Encode_Tag_IsOneToken() => tokenizer.Encode("<think>1</think>").Length.ShouldBe(3);

    [Fact]
    public void Encode_UnknownCharacter_NamesItAndItsPlace() =>
        Should.Throw<BadInputException>(() => tokenizer.Encode("12a")).Message.ShouldContain("'a' at 2");

    [Fact]
    public void Decode_Marks_LeaveNoTrace() =>
        tokenizer.Decode([tokenizer.BosId!.Value, .. tokenizer.Encode("1"), tokenizer.EosId, tokenizer.PadId]).ShouldBe("1");

    [Fact]
    public void Load_OfSaved_EncodesTheSame()
    {
        var folder = Directory.CreateTempSubdirectory("r1-tokenizer").FullName;
        try
        {
            tokenizer.Save(folder);
            var loaded = SymbolTokenizer.Load(folder);
            const string text = "<think>7+3=10;</think><answer>10</answer>";
            loaded.Encode(text).ShouldBe(tokenizer.Encode(text));
            (loaded.PadId, loaded.EosId, loaded.BosId, loaded.VocabularySize)
                .ShouldBe((tokenizer.PadId, tokenizer.EosId, tokenizer.BosId, tokenizer.VocabularySize));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Other programs cut a text by this pattern: line feeds too must be pieces of their own.</summary>
    [Fact]
    public void Save_Pattern_TakesEveryCharacterByItself()
    {
        var folder = Directory.CreateTempSubdirectory("r1-tokenizer").FullName;
        try
        {
            tokenizer.Save(folder);
            using var json = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer.json")));
            var pattern = json.RootElement.GetProperty("pre_tokenizer").GetProperty("pattern").GetProperty("Regex").GetString()!;
            System.Text.RegularExpressions.Regex.Matches("1\n\n2\r\n", pattern).Select(match => match.Length).ShouldBe([1, 1, 1, 1, 1, 1]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"model":{"vocab":{"a":7}}}""")]
    [InlineData("""{"model":{"vocab":{"a":0}}}""")]
    public void Load_BadFile_NamesIt(string? content)
    {
        var folder = Directory.CreateTempSubdirectory("r1-tokenizer").FullName;
        try
        {
            if (content is not null) File.WriteAllText(Path.Combine(folder, "tokenizer.json"), content);
            Should.Throw<BadInputException>(() => SymbolTokenizer.Load(folder)).Message.ShouldContain("tokenizer.json");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
