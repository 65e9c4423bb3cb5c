using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>The page in a real browser, against a real host: how it is opened.</summary>
public sealed class PageTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    [Fact]
    public async Task Open_WithoutAKey_AsksForItOnce()
    {
        await using var watched = await fixture.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(fixture.Host.Address);
        await page.GetByLabel("Key", new() { Exact = true }).FillAsync("not the key");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("refused");
        await page.GetByLabel("Key", new() { Exact = true }).FillAsync(fixture.Host.Key);
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs" })).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs" })).ToBeVisibleAsync();
        watched.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Open_AddressThatTheHostPrints_TakesTheKeyOutOfIt()
    {
        await using var watched = await fixture.OpenAsync("/runs?state=completed");
        await Expect(watched.Page).ToHaveURLAsync(fixture.Host.Address + "/#/runs?state=completed");
        (await watched.Page.EvaluateAsync<string>("sessionStorage.getItem('r1-key')")).ShouldBe(fixture.Host.Key);
        watched.Requests.ShouldAllBe(url => url.StartsWith(fixture.Host.Address, StringComparison.Ordinal));
        watched.Requests.ShouldNotContain(url => url.Contains(fixture.Host.Key, StringComparison.Ordinal));
        watched.Errors.ShouldBeEmpty();
    }
}
