using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>What axe-core finds on the page's views: nothing.</summary>
public sealed class AccessibilityTests(PageFixture fixture) : IClassFixture<PageFixture>
{
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
        await Axe.NoViolationAsync(watched.Page);
    }
}
