using System.Text.Json.Nodes;
using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Tests;

public sealed class TokenizerLoaderTests : IDisposable
{
    private readonly TokenizerFolder folder = new();

    [Theory]
    [InlineData("pre_tokenizer", """{"type":"UnicodeScripts"}""",
        "pre_tokenizer: type 'UnicodeScripts' is not supported; supported: ByteLevel, Split,*")]
    [InlineData("pre_tokenizer", """{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"X"}]}""",
        "pre_tokenizer.pretokenizers[1]: type 'X' is not supported*")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a(?~b)"},"behavior":"Isolated"}""",
        "pre_tokenizer.pattern.Regex: the pattern a(?~b) cannot be used*")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"[a-"},"behavior":"Isolated"}""",
        "pre_tokenizer.pattern.Regex: the pattern [a- cannot be used*")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a"},"behavior":"Sideways"}""",
        "field 'pre_tokenizer.behavior': 'Sideways' is not supported; supported: Removed,*")]
    [InlineData("normalizer", """{"type":"Precompiled"}""", "normalizer: type 'Precompiled' is not supported; supported: NFC,*")]
    [InlineData("normalizer", """{"type":"Prepend"}""", "field 'normalizer.prepend' is missing*")]
    [InlineData("normalizer", """{"type":"Prepend","prepend":"12345678901234567"}""",
        "field 'normalizer.prepend' is \"12345678901234567\", but must be a text of 16 characters at most*")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaaaaaaaaa"}""",
        "field 'normalizer.content' is \"aaaaaaaaaaaaaaaaa\", but must be a text of 16 characters at most*")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"String":""},"content":"a"}""",
        "field 'normalizer.pattern.String' is \"\", but must be a text that is not empty*")]
    [InlineData("decoder", """{"type":"Replace","pattern":{"String":""},"content":"a"}""",
        "field 'decoder.pattern.String' is \"\", but must be a text that is not empty*")]
    [InlineData("decoder", """{"type":"CTC"}""", "decoder: type 'CTC' is not supported; supported: ByteLevel,*")]
    [InlineData("decoder", """{"type":"Sequence","decoders":[{"type":"ByteLevel"},{"type":"Strip","content":" ","start":0,"stop":1}]}""",
        "decoder.decoders[1]: decoder 'Strip' is not supported in this place*")]
    [InlineData("post_processor", """{"type":"RobertaProcessing"}""",
        "post_processor: type 'RobertaProcessing' is not supported; supported: ByteLevel,*")]
    [InlineData("model", """{"type":"Unigram"}""", "model: type 'Unigram' is not supported; supported: BPE, WordLevel*")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a b"]}""", "field 'model.merges[0]': 'b' is not in the vocabulary*")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["ab"]}""",
        "field 'model.merges[0]' is \"ab\", but must be two tokens*")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":-1},"merges":[]}""", "field 'model.vocab': the id of 'a' is -1*")]
    [InlineData("model", """{"type":"BPE","vocab":{},"merges":[],"unk_token":"?"}""",
        "field 'model.unk_token': '?' is not in the vocabulary*")]
    [InlineData("model", """{"type":"BPE","vocab":{},"merges":[],"dropout":0.1}""", "field 'model.dropout' is 0.1, but must be null*")]
    [InlineData("added_tokens", """[{"id":"1","content":"a"}]""", "field 'added_tokens[0].id' is \"1\", but must be a whole number*")]
    public void Load_OfUnsupportedOrBadPart_NamesFilePartAndWhatIsAllowed(string field, string json, string message)
    {
        folder.File[field] = JsonNode.Parse(json);
        var error = Should.Throw<BadInputException>(folder.Load);
        error.Message.ShouldStartWith(Path.Combine(folder.Path, "tokenizer.json") + ": ");
        error.Message.ShouldContain(message.TrimEnd('*'));
    }

    [Fact]
    public void Encode_NormalizersThatMakeMuchOfAText_IsRefused()
    {
        const string Step = """{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaaaaaaaa"}""";
        folder.File["normalizer"] =
            JsonNode.Parse($$"""{"type":"Sequence","normalizers":[{{string.Join(',', Enumerable.Repeat(Step, 9))}}]}""");
        var tokenizer = folder.Load();
        Should.Throw<BadInputException>(() => tokenizer.Encode("banana")).Message.ShouldContain("normalizer: its steps make more than 32");
    }

    [Fact]
    public void Load_OfFolderWithoutTokenizer_SaysSo()
    {
        Should.Throw<BadInputException>(() => TokenizerLoader.Load(folder.Path)).Message.ShouldContain("there is no tokenizer.json");
        Should.Throw<BadInputException>(() => TokenizerLoader.Load(Path.Combine(folder.Path, "none")))
            .Message.ShouldContain("there is no such folder");
        folder.With("tokenizer.json", "{");
        Should.Throw<BadInputException>(() => TokenizerLoader.Load(folder.Path)).Message.ShouldContain("it is not JSON");
    }

    [Fact]
    public void Load_OfSymbolTokenizer_GivesOne()
    {
        new SymbolTokenizer("01+").Save(folder.Path);
        TokenizerLoader.Load(folder.Path).ShouldBeOfType<SymbolTokenizer>().Encode("1+0").Length.ShouldBe(3);
    }

    [Fact]
    public void Load_OfSettings_FindsSpecialTokens()
    {
        folder.With("tokenizer_config.json",
            """{"bos_token":{"content":"<|begin|>"},"eos_token":"<|end|>","pad_token":null,"add_bos_token":true,"added_tokens_decoder":{"1005":{"content":"<|new|>","special":true}}}""")
            .With("special_tokens_map.json", """{"pad_token":"<|user|>"}""")
            .With("generation_config.json", """{"eos_token_id":[1002,1000]}""");
        var tokenizer = folder.Load();
        tokenizer.BosId.ShouldBe(1001);
        tokenizer.EosId.ShouldBe(1000);
        tokenizer.EosIds.ShouldBe([1000, 1002]);
        tokenizer.PadId.ShouldBe(1000, "an explicit null in the settings counts; then the end token fills up");
        tokenizer.VocabularySize.ShouldBe(1006);
        tokenizer.Encode("a<|new|>").ShouldBe([.. tokenizer.Encode("a"), 1005]);
        tokenizer.EncodeMarked("a").ShouldBe([1001, .. tokenizer.Encode("a")]);
    }

    [Fact]
    public void Load_OfTemplate_AddsMarks()
    {
        folder.File["post_processor"] =
            JsonNode.Parse(
                """{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"B"}},{"Sequence":{"id":"A"}},{"SpecialToken":{"id":"E"}}],"special_tokens":{"B":{"ids":[1001]},"E":{"ids":[1000]}}}]}""");
        var tokenizer = folder.Load();
        tokenizer.EncodeMarked("x").ShouldBe([1001, .. tokenizer.Encode("x"), 1000]);
        tokenizer.BosId.ShouldBe(1001);
    }

    [Fact]
    public void EosId_WithoutAny_SaysWhereToGiveIt() =>
        Should.Throw<BadInputException>(() => folder.Load().EosId).Message.ShouldContain("no token ends a completion: give 'eos_token'");

    [Fact]
    public void Save_AfterTheFolderIsGone_WritesTheSameFiles()
    {
        folder.With("tokenizer_config.json", """{"eos_token":"<|end|>"}""").With("chat_template.jinja", "{{ 1 }}")
            .With("additional_chat_templates/rag.jinja", "{{ 2 }}")
            .With("generation_config.json", """{"eos_token_id":[1002]}""").With("config.json", "{}");
        var tokenizer = folder.Load();
        using var target = new TokenizerFolder();
        target.With("generation_config.json", "{}");
        tokenizer.Save(target.Path);
        foreach (var name in (string[])["tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
            "additional_chat_templates/rag.jinja"])
            File.ReadAllBytes(Path.Combine(target.Path, name)).ShouldBe(File.ReadAllBytes(Path.Combine(folder.Path, name)));
        File.ReadAllText(Path.Combine(target.Path, "generation_config.json")).ShouldBe("{}", "the model's own");
        File.Exists(Path.Combine(target.Path, "config.json")).ShouldBeFalse();
    }

    public void Dispose() => folder.Dispose();
}
