using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Chat;

namespace R1Cloud.Tokenizers.Tests.Chat;

public sealed class ChatTemplatesTests : IDisposable
{
    private static readonly JsonArray Hi = [new JsonObject { ["role"] = "user", ["content"] = "hi" }];

    private readonly TokenizerFolder folder = new();

    [Fact]
    public void Render_OfNamedTemplates_TakesTheOneAskedFor()
    {
        folder.With("tokenizer_config.json",
            """{"eos_token":"<|end|>","chat_template":[{"name":"default","template":"D{{ messages[0].content }}{{ eos_token }}"},{"name":"tool_use","template":"T{{ tools|length }}"},{"name":"rag","template":"R"}]}""");
        var templates = Templates();
        templates.Render(new(Hi)).ShouldBe("Dhi<|end|>");
        templates.Render(new(Hi, Tools: [new JsonObject()])).ShouldBe("T1", "tools take the template for tools, as in transformers");
        templates.Render(new(Hi, Template: "rag")).ShouldBe("R");
        templates.Render(
            new(Hi, Template: "{{ messages|length }}{{ tools is none }}{{ x }}") {
                Variables = new Dictionary<string, JsonNode?> { ["x"] = 5 } }).ShouldBe("1True5");
        Should.Throw<BadInputException>(() => templates.Render(new(Hi, Template: "nope")))
            .Message.ShouldContain("no chat template 'nope'; it has: default, tool_use, rag");
    }

    [Fact]
    public void Render_OfTemplateFile_TakesItBeforeTheSettings()
    {
        folder.With("tokenizer_config.json", """{"chat_template":"old"}""").With("chat_template.jinja", "new")
            .With("additional_chat_templates/rag.jinja", "more");
        Templates().Render(new(Hi)).ShouldBe("new");
        Templates().Render(new(Hi, Template: "rag")).ShouldBe("more");
    }

    [Fact]
    public void Render_OfFailingTemplate_NamesFileAndLine()
    {
        folder.With("chat_template.jinja", "{% if true %}\n{{ raise_exception('Conversation roles must alternate') }}{% endif %}");
        Should.Throw<BadInputException>(() => Templates().Render(new(Hi))).Message
            .ShouldBe($"{Path.Combine(folder.Path, "chat_template.jinja")}, line 2: the template refuses: Conversation roles must "
                + $"alternate.");
    }

    [Fact]
    public void Render_WithoutTemplate_SaysSo() =>
        Should.Throw<BadInputException>(() => Templates().Render(new(Hi)))
            .Message.ShouldContain("there is no chat template 'default'; it has none");

    private ChatTemplates Templates() => new((HuggingFaceTokenizer)folder.Load());

    public void Dispose() => folder.Dispose();
}
