using R1Cloud.GpuJob.Models;
using R1Cloud.Tokenizers;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>Files that say two things of a model's class, of its marks and of its added tokens: none of them wins in silence.</summary>
public sealed class StrangersMarksTests
{
    private const string Settings = "tokenizer_config.json", Map = "special_tokens_map.json";

    [Fact]
    public void Load_ClassOfAnotherArchitecture_IsRefused()
    {
        using var folder = new StrangersFolder();
        folder.With("config.json", ("architectures", """["Qwen3ForCausalLM"]"""));
        var message = folder.Refusal();
        message.ShouldContain("architectures is Qwen3ForCausalLM");
        message.ShouldContain("LlamaForCausalLM, as model_type is 'llama'");
        folder.With("config.json", ("architectures", """["MyOwnForCausalLM"]"""));
        CausalLm.Load(folder.Root, CPU).Dispose();
    }

    [Theory]
    [InlineData("eos_token", "\"<s>\"", "eos_token is '</s>', and that of special_tokens_map.json is '<s>'")]
    [InlineData("eos_token", """{ "content": "<pad>" }""", "eos_token is '</s>', and that of special_tokens_map.json is '<pad>'")]
    [InlineData("bos_token", "\"</s>\"", "bos_token is '<s>', and that of special_tokens_map.json is '</s>'")]
    public void Load_MarksThatTwoFilesNameDifferently_AreRefused(string name, string other, string named)
    {
        using var folder = new StrangersFolder();
        folder.WithText(Map, $$"""{ "{{name}}": {{other}} }""");
        var message = folder.Refusal(root => TokenizerLoader.Load(root));
        message.ShouldContain(Settings);
        message.ShouldContain(named);
        folder.WithText(Map, """{ "bos_token": { "content": "<s>" }, "eos_token": "</s>", "pad_token": "</s>" }""");
        TokenizerLoader.Load(folder.Root);
    }

    [Theory]
    [InlineData("special", "false", "special of '</s>' is false, and that of tokenizer.json is true")]
    [InlineData("lstrip", "true", "lstrip of '</s>' is true, and that of tokenizer.json is false")]
    [InlineData("rstrip", "true", "rstrip")]
    [InlineData("single_word", "true", "single_word")]
    [InlineData("normalized", "true", "normalized")]
    public void Load_AddedTokenThatTwoFilesDescribeDifferently_IsRefused(string flag, string value, string named)
    {
        using var folder = new StrangersFolder();
        folder.With(Settings, ("added_tokens_decoder", $$"""{ "2": { "content": "</s>", "{{flag}}": {{value}} } }"""));
        var message = folder.Refusal(root => TokenizerLoader.Load(root));
        message.ShouldContain(Settings);
        message.ShouldContain("added_tokens_decoder.2");
        message.ShouldContain(named);
        folder.With(Settings, ("added_tokens_decoder",
            """{ "2": { "content": "</s>", "special": true, "lstrip": false, "normalized": false }, "1": { "content": "<s>" } }"""));
        TokenizerLoader.Load(folder.Root);
    }

    [Theory]
    [InlineData("<s>", 7, "special_tokens.<s>.ids[0]' is 7, but must be 1, the id of '<s>'")]
    [InlineData("<s>", -1, "is -1, but must be a whole number from 0")]
    [InlineData("<z>", 999, "is 999, but must be the id of a token")]
    [InlineData("<z>", 7, "is 7, but must be the id of a token, and '<z>' is none")]
    public void Load_MarkWithAnIdThatIsNotItsTokens_IsRefused(string token, int id, string named)
    {
        using var folder = new StrangersFolder();
        string Processor(int value) => $$"""
            { "type": "Sequence", "processors": [ { "type": "ByteLevel" }, { "type": "TemplateProcessing",
              "single": [ { "SpecialToken": { "id": "{{token}}", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } } ],
              "special_tokens": { "{{token}}": { "id": "{{token}}", "ids": [{{value}}], "tokens": ["{{token}}"] } } } ] }
            """;
        folder.With("tokenizer.json", ("post_processor", Processor(id)));
        var message = folder.Refusal(root => TokenizerLoader.Load(root));
        message.ShouldContain("tokenizer.json");
        message.ShouldContain(named);
        if (token != "<s>") return;
        folder.With("tokenizer.json", ("post_processor", Processor(1)));
        TokenizerLoader.Load(folder.Root);
    }
}
