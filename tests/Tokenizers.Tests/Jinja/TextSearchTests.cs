using R1Cloud.Tokenizers.Jinja;

namespace R1Cloud.Tokenizers.Tests.Jinja;

/// <summary>
/// Texts in texts: the same answers as .NET's search, and work in proportion where that one's is the product of the lengths.
/// </summary>
public sealed class TextSearchTests
{
    // Half of the part matches at every second place, and so do the two letters that .NET looks at first: the product of the lengths takes
    // hours.
    private const string Almost = "{% set u = 'xy' * 6000000 %}{% set p = 'xy' * 1500000 ~ 'zy' ~ 'xy' * 1500000 %}{{ EXPRESSION }}";

    [Theory]
    [InlineData("p in u", "False")]
    [InlineData("u.find(p)", "-1")]
    [InlineData("u.rfind(p)", "-1")]
    [InlineData("u.count(p)", "0")]
    [InlineData("u.replace(p, '')|length", "12000000")]
    [InlineData("u.replace(p, '', 1)|length", "12000000")]
    [InlineData("u.split(p)|length", "1")]
    [InlineData("u.rsplit(p)|length", "1")]
    [InlineData("u.partition(p)|length", "3")]
    [InlineData("u.rpartition(p)|length", "3")]
    [InlineData("u.strip(('ab' * 3000000) ~ 'xy')", "")]
    public async Task Render_OfTextThatAlmostMatchesEverywhere_Ends(string expression, string expected)
    {
        var template = new JinjaTemplate("t", Almost.Replace("EXPRESSION", expression, StringComparison.Ordinal));
        var rendering =
            Task.Run(() => template.Render(new Dictionary<string, object?>(), new Microsoft.Extensions.Time.Testing.FakeTimeProvider()));
        (await rendering.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken)).ShouldBe(expected);
    }

    [Fact]
    public void Search_OfTextsOfFewLetters_AnswersAsDotNet()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var part = Text(random, random.Next(1, 3 * TextSearch.Short));
            var text = Text(random, random.Next(0, 200)) + (random.Next(2) == 0 ? part + part : "") + Text(random, random.Next(0, 200))
                + part[..^1];
            var start = random.Next(0, text.Length + 1);
            TextSearch.IndexOf(text, part, start).ShouldBe(text.IndexOf(part, start, StringComparison.Ordinal));
            TextSearch.LastIndexOf(text, part).ShouldBe(text.LastIndexOf(part, StringComparison.Ordinal));
            TextSearch.Count(text, part).ShouldBe(text.AsSpan().Count(part));
            TextSearch.Replace(text, part, "c", -1).ShouldBe(text.Replace(part, "c", StringComparison.Ordinal));
        }
    }

    private static string Text(Random random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => random.Next(12) == 0 ? 'b' : 'a'));
}
