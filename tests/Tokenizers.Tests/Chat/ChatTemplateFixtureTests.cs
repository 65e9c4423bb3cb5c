using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Testing;
using R1Cloud.Tokenizers.Chat;

namespace R1Cloud.Tokenizers.Tests.Chat;

/// <summary>Agreement of renderings with Jinja itself.</summary>
public class ChatTemplateFixtureTests
{
    [Fact]
    public void Render_OfEveryFixture_GivesItsTextAndIds()
    {
        var rows = PublishedTokenizers.Rows("chat_templates_npm.jsonl");
        rows.Count.ShouldBe(120);
        var wrong = new List<string>();
        foreach (var group in rows.GroupBy(row => row.Text("tokenizer")))
        {
            var tokenizer = (HuggingFaceTokenizer)PublishedTokenizers.Load(group.Key);
            var templates = new ChatTemplates(tokenizer);
            foreach (var row in group) Check(row, tokenizer, templates.Render(Request(row)), wrong);
        }
        wrong.ShouldBeEmpty();
    }

    /// <summary>Renderings of other published templates: the same formats, written from scratch, must give the same texts.</summary>
    [Fact]
    public void Render_OfOtherFormats_GivesTheirTextAndIds()
    {
        var rows = File.ReadLines(Fixtures.Shared("data/shared_only/chat_templates_llamacpp_jinja.jsonl"))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        rows.Count.ShouldBeGreaterThan(90);
        var wrong = new List<string>();
        foreach (var row in rows)
        {
            var tokenizer = (HuggingFaceTokenizer)PublishedTokenizers.Load(row.Text("tokenizer"));
            var template = row.Text("template").StartsWith("qwen25", StringComparison.Ordinal) ? "qwen25" : row.Text("template");
            var source = File.ReadAllText(PublishedTokenizers.Fixture($"templates/{template}.jinja"));
            Check(row, tokenizer, new ChatTemplates(tokenizer).Render(Request(row, source)), wrong);
        }
        wrong.ShouldBeEmpty();
    }

    internal static void Check(JsonElement row, ITokenizer tokenizer, string text, List<string> wrong)
    {
        if (text != row.Text("text")) wrong.Add($"{row.Text("id")}: {text}");
        else if (!tokenizer.Encode(text).SequenceEqual(row.GetProperty("ids").Ints())) wrong.Add($"{row.Text("id")}: other ids");
    }

    internal static ChatRequest Request(JsonElement row, string? template = null)
    {
        var options = JsonObject.Create(row.GetProperty("options"))!;
        return new ChatRequest(
            JsonArray.Create(row.GetProperty("messages"))!, row.GetProperty("add_generation_prompt").GetBoolean(),
                options["tools"] as JsonArray, null, template)
        {
            Variables = options.Where(option => option.Key != "tools").ToDictionary(),
        };
    }
}
