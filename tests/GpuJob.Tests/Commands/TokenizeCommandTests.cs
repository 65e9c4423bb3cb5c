using R1Cloud.Testing;
using System.Text.Json;
using R1Cloud.GpuJob.Commands;
using R1Cloud.Shared.Jobs;
using R1Cloud.Tokenizers.Tests;

namespace R1Cloud.GpuJob.Tests.Commands;

public sealed class TokenizeCommandTests : IDisposable
{
    private readonly TokenizerFolder folder = new();
    private readonly StringWriter output = new(), error = new();

    public TokenizeCommandTests() =>
        folder.With("chat_template.jinja",
            "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<|begin|>{% endif %}{{ mood }}")
        .Load();

    [Fact]
    public async Task Tokenize_OfTextsAndChats_WritesIdsAndText()
    {
        (await RunAsync("\uFEFF" + """
            {"text": "a<|end|>é"}

            {"messages": [{"role": "user", "content": "a"}], "add_generation_prompt": true, "mood": "!"}
            {"messages": [{"role": "user", "content": "a"}], "template": "{{ messages[0].content * 2 }}"}
            {"text": "\ud83d\ude00 \ud83d \\ud83d"}
            """)).ShouldBe(ExitCodes.Done, error.ToString());
        var rows = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        rows.Count.ShouldBe(4);
        rows[0].GetProperty("decoded").GetString().ShouldBe("a<|end|>é");
        rows[0].GetProperty("ids").Ints().ShouldContain(1000);
        rows[1].GetProperty("text").GetString().ShouldBe("<|user|>a<|begin|>!");
        rows[1].GetProperty("ids").Ints()[0].ShouldBe(1002);
        rows[2].GetProperty("decoded").GetString().ShouldBe("aa");
        rows[3].GetProperty("decoded").GetString().ShouldBe("😀 \uFFFD \\ud83d");
    }

    [Theory]
    [InlineData("{\"text\": 1}", "line 2: field 'text' is 1, but must be a text.")]
    [InlineData("{\"txt\": \"a\"}", "line 2: field 'text' or 'messages' is missing.")]
    [InlineData("[1]", "line 2: it must be a JSON object.")]
    [InlineData("{\"text\": ", "line 2: ")]
    [InlineData("{\"messages\": \"hi\"}", "line 2: field 'messages' is \"hi\", but must be an array.")]
    [InlineData("{\"messages\": [], \"template\": \"{{ 1 + }}\"}", "line 2: the given template, line 1: unexpected '}}'")]
    public async Task Tokenize_OfBadLine_NamesIt(string line, string message)
    {
        (await RunAsync("{\"text\": \"a\"}\n" + line)).ShouldBe(ExitCodes.BadInput);
        error.ToString().ShouldStartWith("gpujob: " + message);
        output.ToString().ShouldNotBeEmpty("the lines before it are done");
    }

    private Task<int> RunAsync(string input) =>
        TrainerCommandLine.RunAsync(["tokenize", "--tokenizer", folder.Path], new CommandStreams(new StringReader(input), output, error));

    public void Dispose() => folder.Dispose();
}
