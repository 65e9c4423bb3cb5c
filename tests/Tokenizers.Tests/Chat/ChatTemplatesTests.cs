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

    [Theory]
    [InlineData("one", false)]
    [InlineData("another", true)]
    public void Open_TwoTemplatesOfOneName_MustBeTheSame(string second, bool refused)
    {
        folder.With("tokenizer_config.json",
            $$"""{"chat_template":[{"name":"default","template":"one"},{"name":"default","template":"{{second}}"}]}""");
        if (refused) Should.Throw<BadInputException>(() => Templates()).Message.ShouldContain("name 'default' is also that of");
        else Templates().Render(new(Hi)).ShouldBe("one");
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

    // As transformers does: the text ends where the last message's content does, and what the template trims stays trimmed.
    [Theory]
    [InlineData("content", "Sure, ", "<user>hi<|end|><assistant>Sure, ")]
    [InlineData("content | trim", "Sure, ", "<user>hi<|end|><assistant>Sure,")]
    [InlineData("content", "", "<user>hi<|end|><assistant>")]
    [InlineData("content", "hi<|end|>", "<user>hi<|end|><assistant>hi<|end|>")]
    [InlineData("content", "CONTINUE_FINAL_MESSAGE_TAG ", "<user>hi<|end|><assistant>CONTINUE_FINAL_MESSAGE_TAG ")]
    public void Encode_MessageToGoOnWith_EndsWhereItsContentDoes(string content, string begun, string expected)
    {
        folder.With("chat_template.jinja",
            "{% for m in messages %}<{{ m.role }}>{{ m." + content + " }}<|end|>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}");
        var templates = Templates();
        var chat = new ChatRequest([.. Hi.Select(message => message!.DeepClone()), Assistant(begun)]) { ContinueFinalMessage = true };
        var rendered = templates.Encode(chat);
        rendered.Text.ShouldBe(expected);
        var whole = templates.Encode(chat with { ContinueFinalMessage = false });
        whole.Ids.Length.ShouldBeGreaterThan(rendered.Ids.Length);
        whole.Ids.Take(rendered.Ids.Length).ShouldBe(rendered.Ids, "the model goes on in the middle of what it would have read");
    }

    [Fact]
    public void Encode_MessageThatCannotGoOn_IsRefused()
    {
        folder.With("chat_template.jinja", "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}");
        string Refusal(ChatRequest chat) =>
            Should.Throw<BadInputException>(() => Templates().Encode(chat with { ContinueFinalMessage = true })).Message;
        Refusal(new(Hi, AddGenerationPrompt: true)).ShouldContain("exclude each other");
        Refusal(new([])).ShouldContain("the last message must have a text");
        Refusal(new([new JsonObject { ["role"] = "assistant", ["content"] = null }])).ShouldContain("the last message must have a text");
        Refusal(new([.. Hi.Select(message => message!.DeepClone()), Assistant("x")])).ShouldContain("does not write the last message");
    }

    private static JsonObject Assistant(string content) => new() { ["role"] = "assistant", ["content"] = content };

    private ChatTemplates Templates() => new((HuggingFaceTokenizer)folder.Load());

    public void Dispose() => folder.Dispose();
}
