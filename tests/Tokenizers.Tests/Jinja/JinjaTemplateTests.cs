using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Jinja;

namespace R1Cloud.Tokenizers.Tests.Jinja;

public class JinjaTemplateTests
{
    private static readonly Dictionary<string, object?> None = [];

    [Fact]
    public void Render_OfEveryFixture_GivesWhatJinjaGives()
    {
        var fixture = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(PublishedTokenizers.Fixture("jinja.json")));
        var variables =
            JsonObject.Create(fixture.GetProperty("variables"))!.ToDictionary(entry => entry.Key, entry => Values.FromJson(entry.Value));
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
    [InlineData("{{ [1, 'a']|sort }}", "t, line 1: '<' does not go with *")]
    [InlineData("{% for x in [1] %}\n\n", "t, line *the template ends where 'endfor' or 'else' must come*")]
    public void Render_OfBadTemplate_NamesTemplateAndLine(string template, string message)
    {
        var error = Should.Throw<BadInputException>(() => new JinjaTemplate("t", template).Render(None));
        error.Message.ShouldMatch("^" + System.Text.RegularExpressions.Regex.Escape(message).Replace("\\*", ".*", StringComparison.Ordinal),
            error.Message);
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
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", template).Render(None, new FakeTimeProvider()))
            .Message.ShouldContain(limit);

    /// <summary>Each makes little at a time and much in all, or much in one step: the budget ends it before the memory does.</summary>
    [Theory]
    [InlineData("{% for i in range(1000) %}{% set n.l = n.l + [t ~ i] %}{% endfor %}")]
    [InlineData("{% for i in range(1000) %}{% set x = t + 'x' %}{% endfor %}")]
    [InlineData("{% for i in range(1000) %}{% set x = t.upper() %}{% endfor %}")]
    [InlineData("{% for i in range(1000) %}{% set x = t[1:] %}{% endfor %}")]
    [InlineData("{% for i in range(1000) %}{% set x %}{{ t }}{% endset %}{% endfor %}")]
    [InlineData("{% set x = many|map('upper')|list %}")]
    [InlineData("{% set x = many|join %}")]
    [InlineData("{% set x = ','.join(many) %}")]
    [InlineData("{% set x = [1, 2, 3]|join(t * 100) %}{% for i in range(100) %}{% set x = many|join(t) %}{% endfor %}")]
    [InlineData("{% set x = many|tojson %}")]
    [InlineData("{% set x = many|string %}")]
    [InlineData("{% set x = many|sum(start='') %}")]
    [InlineData(
        "{% set x = [[[[1]]]]|tojson(indent=t) %}{% set x = [[1, 1], [1, 1], [1, 1], [1, 1], [1, 1]]|tojson(indent=t * 5) %}{{ "
        + "[x]|tojson(indent=t * 90) }}{{ many|tojson }}")]
    [InlineData("{% set x = '%s' * 1000 %}{{ x % tuples }}{{ x|format(t, t) }}")]
    [InlineData("{% for i in range(1000) %}{% set x = '{0}{0}{0}{0}{0}'.format(t) %}{% endfor %}")]
    [InlineData("{% for i in range(1000) %}{% set x = t|list %}{% endfor %}")]
    [InlineData("{% for i in range(1000) %}{% set x = t.split('x') %}{% endfor %}")]
    [InlineData("{% for i in range(1000) %}{% set x = (t|replace('x', 'x '))|escape %}{% endfor %}")]
    [InlineData("{% for i in range(90) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}")]
    [InlineData("{% for i in range(90) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l|tojson }}")]
    [InlineData("{% macro f(x) %}{{ x }}{% endmacro %}{% for i in range(1000) %}{% set x = f(t) %}{% endfor %}")]
    [InlineData("{% for i in range(20000) %}{% set n.l = n.l + [1] %}{% endfor %}")]
    [InlineData("{% set x = (['X' * 10000] * 1000)|sort %}")]
    [InlineData("{% set x = (['X' * 10000] * 1000)|unique %}")]
    [InlineData("{% set x = (['X' * 10000] * 1000)|max %}")]
    [InlineData("{% set x = [1]|slice(60000) %}")]
    [InlineData("{% set x = range(60000)|batch(1) %}")]
    public void Render_OfTemplateThatMakesMuch_StopsAtTheBudget(string template)
    {
        const string prepared = "{% set n = namespace(l=[]) %}{% set t = 'x' * 10000 %}{% set many = [t] * 1000 %}";
        var limits = new JinjaLimits(Size: 1 << 20, Made: 1 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var variables = new Dictionary<string, object?> { ["tuples"] = Enumerable.Repeat((object?)new string('x', 10_000), 1000)
            .ToArray() };

        var error = Should.Throw<BadInputException>(() =>
            new JinjaTemplate("t", prepared + template).Render(variables, new FakeTimeProvider(), limits));

        error.Message.ShouldSatisfyAllConditions(() => error.Message.ShouldContain("characters"));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64 << 20);
    }

    /// <summary>A short text becomes a long one: it is counted while it grows, not once it is there.</summary>
    [Theory]
    [InlineData("{{ (['é' * 30000] * 30)|tojson(ensure_ascii=true) }}")]
    [InlineData("{{ strftime_now('%c' * 400000) }}")]
    public void Render_OfTextThatGrows_StopsWhileItGrows(string template)
    {
        var limits = new JinjaLimits(Made: 1 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", template).Render(None, new FakeTimeProvider(), limits))
            .Message.ShouldContain("in all");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(12 << 20);
    }

    [Theory]
    [InlineData("{% for i in range(100) %}{% set x = t in u %}{% endfor %}")]
    [InlineData("{% for i in range(100) %}{% set x = t == u %}{% endfor %}")]
    [InlineData("{% for i in range(100) %}{% set x = u.find('y') %}{% endfor %}")]
    [InlineData("{% for i in range(100) %}{% set x = u.count('x') %}{% endfor %}")]
    [InlineData("{% for i in range(100) %}{% set x = u|length %}{% endfor %}")]
    [InlineData("{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a == n.b }}")]
    [InlineData("{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a < n.b }}")]
    [InlineData("{{ ([u] * 1000)|sort|length }}")]
    [InlineData("{% set n.a = (u[1:] ~ 'y',) %}{% for i in range(10) %}{% set n.a = n.a + n.a %}{% endfor %}{{ u.startswith(n.a) }}")]
    public void Render_OfFewLargeSteps_LooksAtTheClock(string template)
    {
        const string prepared = "{% set n = namespace(a=[1], b=[1]) %}{% set t = 'x' * 300000 %}{% set u = t ~ '' %}";
        var clock = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", prepared + template).Render(None, clock))
            .Message.ShouldContain("longer than 10 s");
    }

    [Theory]
    [InlineData("(t.split())|length")]
    [InlineData("(t.rsplit())|length")]
    [InlineData("(t.split('a'))|length")]
    [InlineData("(t.rsplit('a'))|length")]
    [InlineData("(t.splitlines())|length")]
    public void Split_OfManyWords_TakesMemoryInProportion(string expression)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        new JinjaTemplate("t", $"{{% set t = 'a ' * 20000 %}}{{{{ {expression} }}}}").Render(None);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(16 << 20);
    }

    [Theory]
    [InlineData("' a  b '.split()", "['a', 'b']")]
    [InlineData("' a  b c '.split(none, 1)", "['a', 'b c ']")]
    [InlineData("' a  b c '.rsplit(none, 1)", "[' a  b', 'c']")]
    [InlineData("'a,b,,c'.split(',', 2)", "['a', 'b', ',c']")]
    [InlineData("'a,b,,c'.rsplit(',', 2)", "['a,b', '', 'c']")]
    [InlineData("'aXbXc'.replace('X', '-', 1)", "a-bXc")]
    [InlineData("'aaaa'.count('aa')", "2")]
    [InlineData("'héllo👍x'[1:6:2]", "él👍")]
    [InlineData("'hello'[::-1]", "olleh")]
    [InlineData("'hello'[-3:]", "llo")]
    [InlineData("'hello'[3:1]", "")]
    [InlineData("[1,2,3,4][::2]", "[1, 3]")]
    [InlineData("'it is-a (tEst)'|title", "It Is-A (Test)")]
    public void Render_OfPythonsMethods_GivesWhatPythonGives(string expression, string text) =>
        new JinjaTemplate("t", $"{{{{ {expression} }}}}").Render(None).ShouldBe(text);

    [Fact]
    public void Render_BeyondItsTime_Stops()
    {
        var clock = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", "{% for a in range(90000) %}{{ a }}{% endfor %}").Render(None, clock))
            .Message.ShouldContain("longer than 10 s");
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
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", $"{{{{ {Many(opening)}1{Many(closing)} }}}}"))
            .Message.ShouldContain("nested too deeply");

    [Fact]
    public void Parse_OfDeepBlocks_IsAnError() =>
        Should.Throw<BadInputException>(() => new JinjaTemplate("t", Many("{% if 1 %}") + Many("{% endif %}")))
            .Message.ShouldContain("nested too deeply");

    [Fact]
    public void Parse_OfLongChains_Works() =>
        new JinjaTemplate("t", $"{{{{ 1{string.Concat(Enumerable.Repeat(" + 1", 300))} }}}}").Render(None).ShouldBe("301");

    private static string Many(string text) => string.Concat(Enumerable.Repeat(text, 2000));
}
