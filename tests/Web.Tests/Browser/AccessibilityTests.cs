using System.Text.Json;
using Microsoft.Playwright;
using R1Cloud.Testing;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>What axe-core finds on the page's views: nothing. And the page fits into narrow windows.</summary>
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

    [Fact]
    public async Task Run_EveryView_HasNoViolationAndFitsIntoAPhone()
    {
        await using var watched = await fixture.OpenAsync("/new", new() { ViewportSize = new() { Width = 360, Height = 780 } });
        var page = watched.Page;
        await page.Locator("textarea").FillAsync(SmallRecipes.Of("seen-by-axe", 3));
        await page.GetByRole(AriaRole.Button, new() { Name = "Start the run" }).ClickAsync();
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("completed", new() { Timeout = 300_000 });
        foreach (var view in (string[])["Overview", "Curves", "Samples", "Workers and jobs", "Recipe", "Report"])
        {
            await page.GetByRole(AriaRole.Link, new() { Name = view, Exact = true }).ClickAsync();
            await Expect(page.GetByText("Loading")).ToHaveCountAsync(0);
            await NoViolationAsync(page);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0, view);
        }
        watched.Errors.ShouldBeEmpty();
    }

    private static async Task NoViolationAsync(IPage page)
    {
        // Evaluated, not added as a script: the page's rules let none in.
        await page.EvaluateAsync(await File.ReadAllTextAsync(AxeFile));
        var result = await page.EvaluateAsync<JsonElement>("axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.map(one => `${one.id}: ${one.help} ${one.nodes[0].html} ${one.nodes[0].failureSummary}`))");
        result.EnumerateArray().Select(violation => violation.GetString()).ShouldBeEmpty();
    }
}
