using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Tokenizers;
using R1Cloud.GpuJob.Tokenizers.Chat;

namespace R1Cloud.GpuJob.Tests.Tokenizers.Chat;

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

    internal static void Check(JsonElement row, ITokenizer tokenizer, string text, List<string> wrong)
    {
        if (text != row.Text("text")) wrong.Add($"{row.Text("id")}: {text}");
        else if (!tokenizer.Encode(text).SequenceEqual(row.GetProperty("ids").Ints())) wrong.Add($"{row.Text("id")}: other ids");
    }

    internal static ChatRequest Request(JsonElement row, string? template = null)
    {
        var options = JsonObject.Create(row.GetProperty("options"))!;
        return new ChatRequest(
            JsonArray.Create(row.GetProperty("messages"))!, row.GetProperty("add_generation_prompt").GetBoolean(), options["tools"] as JsonArray, null, template)
        {
            Variables = options.Where(option => option.Key != "tools").ToDictionary(),
        };
    }
}
