using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.GpuJob.Tokenizers.Jinja;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Tests.Tokenizers.Jinja;

public class JinjaTemplateTests
{
    private static readonly Dictionary<string, object?> None = [];

    [Fact]
    public void Render_OfEveryFixture_GivesWhatJinjaGives()
    {
        var fixture = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(PublishedTokenizers.Fixture("jinja.json")));
        var variables = JsonObject.Create(fixture.GetProperty("variables"))!.ToDictionary(entry => entry.Key, entry => Values.FromJson(entry.Value));
        var clock = new FakeTimeProvider(new DateTimeOffset(2024, 7, 6, 9, 5, 3, TimeSpan.Zero));
        var wrong = new List<string>();
        foreach (var row in fixture.GetProperty("cases").EnumerateArray())
        {
            string text;
            try
            {
                text = new JinjaTemplate("t", row.Text("template")).Render(variables, clock);
            }
            catch (BadInputException e)
            {
                text = row.TryGetProperty("error", out _) ? "error" : e.Message;
            }
            var expected = row.TryGetProperty("error", out _) ? "error" : row.Text("text");
            if (text != expected) wrong.Add($"{row.Text("template")}\n  gave {text}\n  not  {expected}");
        }
        wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("a\n\n{{ x.y }}", "t, line 3: 'x' is undefined.")]
    [InlineData("{% if true %}\n{{ 1 + }}{% endif %}", "t, line 2: unexpected '}}' where a value must come.")]
    [InlineData("\n{{ 'a'|nosuch }}", "t, line 2: there is no filter 'nosuch'; supported: abs*")]
    [InlineData("{{ raise_exception('roles must alternate') }}", "t, line 1: the template refuses: roles must alternate.")]
    [InlineData("{% import 'a' as b %}", "t, line 1: unexpected block 'import'; supported: for, if, set*")]
    [InlineData("{% for x in [1] %}\n\n", "t, line *the template ends where 'endfor' or 'else' must come*")]
    public void Render_OfBadTemplate_NamesTemplateAndLine(string template, string message)
    {
        var error = Should.Throw<BadInputException>(() => new JinjaTemplate("t", template).Render(None));
        error.Message.ShouldMatch("^" + System.Text.RegularExpressions.Regex.Escape(message).Replace("\\*", ".*", StringComparison.Ordinal), error.Message);
    }

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% set n = namespace(t='x') %}{% for i in range(100) %}{% set n.t = n.t + n.t %}{% endfor %}", "characters")]
    [InlineData("{{ 'x' * 10000000000 }}", "characters")]
    [InlineData("{{ 'x'.ljust(2000000000) }}", "characters")]
    [InlineData("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "within each other")]
    [InlineData("{{ 10 ** 10 ** 10 }}", "too large")]
    [InlineData("{{ range(1000000000) }}", "100000")]
    [InlineData("{% set n = namespace(l=[]) %}{% for i in range(90000) %}{% set n.l = [n.l] %}{% endfor %}{{ n.l }}", "nested too deeply")]
    public void Render_OfGreedyTemplate_StopsAtALimit(string template, string limit) =>
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", template).Render(None, new FakeTimeProvider())).Message.ShouldContain(limit);

    [Fact]
    public void Render_BeyondItsTime_Stops()
    {
        var clock = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", "{% for a in range(90000) %}{{ a }}{% endfor %}").Render(None, clock)).Message.ShouldContain("longer than 10 s");
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    [InlineData("{'a':", "}")]
    [InlineData("x[", "]")]
    [InlineData("f(", ")")]
    public void Parse_OfDeepNesting_IsAnError(string opening, string closing) =>
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", $"{{{{ {Many(opening)}1{Many(closing)} }}}}")).Message.ShouldContain("nested too deeply");

    [Fact]
    public void Parse_OfDeepBlocks_IsAnError() =>
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", Many("{% if 1 %}") + Many("{% endif %}"))).Message.ShouldContain("nested too deeply");

    [Fact]
    public void Parse_OfLongChains_Works() =>
        new JinjaTemplate("t", $"{{{{ 1{string.Concat(Enumerable.Repeat(" + 1", 300))} }}}}").Render(None).ShouldBe("301");

    private static string Many(string text) => string.Concat(Enumerable.Repeat(text, 2000));
}
