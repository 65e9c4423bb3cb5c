using System.Text.Json;
using Microsoft.Playwright;
using R1Cloud.Testing;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>What axe-core finds on the page's views: nothing.</summary>
public sealed class AccessibilityTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    private static readonly string AxeFile = Repository.PathOf("src", "Web", "node_modules", "axe-core", "axe.min.js");

    [Theory]
    [InlineData("/runs", "Runs", ColorScheme.Light)]
    [InlineData("/runs", "Runs", ColorScheme.Dark)]
    [InlineData("/new", "Start a run", ColorScheme.Light)]
    [InlineData("/new", "Start a run", ColorScheme.Dark)]
    [InlineData("/compare", "Compare two runs", ColorScheme.Light)]
    public async Task View_LookedAtByAxe_HasNoViolation(string route, string heading, ColorScheme scheme)
    {
        await using var watched = await fixture.OpenAsync(route, new() { ColorScheme = scheme });
        await Expect(watched.Page.GetByRole(AriaRole.Heading, new() { Name = heading, Exact = true, Level = 1 })).ToBeVisibleAsync();
        await NoViolationAsync(watched.Page);
    }

    private static async Task NoViolationAsync(IPage page)
    {
        // Evaluated, not added as a script: the page's rules let none in.
        await page.EvaluateAsync(await File.ReadAllTextAsync(AxeFile));
        var result = await page.EvaluateAsync<JsonElement>("""
            axe.run(document, { resultTypes: ['violations'] }).then(result =>
                result.violations.map(one => `${one.id}: ${one.help} ${one.nodes[0].html} ${one.nodes[0].failureSummary}`))
            """);
        result.EnumerateArray().Select(violation => violation.GetString()).ShouldBeEmpty();
    }
}
