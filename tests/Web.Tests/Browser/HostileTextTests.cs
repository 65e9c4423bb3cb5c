using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>Whatever a model, a recipe or a worker wrote is text on the page. The host's answers are replaced by such words.</summary>
public sealed class HostileTextTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    [Fact]
    public async Task Samples_OfWordsThatWantToBeMore_AreShownAsText()
    {
        await using var watched = await fixture.OpenAsync();
        await HostileAnswers.GiveAsync(watched.Page);
        await watched.Page.GotoAsync($"{fixture.Host.AddressWithKey}&/runs/hostile/samples");
        var samples = watched.Page.Locator(".sample");
        await Expect(samples).ToHaveCountAsync(2);
        await Expect(samples.First).ToContainTextAsync("</script><script>window.pwned = 1</script><img src=x");
        // Signs that steer are shown by their numbers.
        await Expect(samples.First).ToContainTextAsync("\u2329U+202E\u232Atxet\u2329U+202C\u232A\u2329U+001B\u232A[31m");
        await HarmlessAsync(watched);
    }

    [Fact]
    public async Task LiveTail_OfWordsThatWantToBeMore_IsMarkedProvisional()
    {
        await using var watched = await fixture.OpenAsync();
        await HostileAnswers.GiveAsync(watched.Page);
        await watched.Page.GotoAsync($"{fixture.Host.AddressWithKey}&/runs/lively/samples?mode=live");
        await Expect(watched.Page.GetByRole(Microsoft.Playwright.AriaRole.Note)).ToContainTextAsync("Provisional.");
        var sample = watched.Page.Locator(".sample");
        await Expect(sample).ToHaveCountAsync(1);
        await Expect(sample.Locator(".tag")).ToHaveTextAsync("provisional");
        await Expect(sample).ToContainTextAsync("iteration 1");
        await HarmlessAsync(watched);
    }

    [Theory]
    [InlineData("/runs/hostile")]
    [InlineData("/runs/lively/samples?mode=live")]
    [InlineData("/runs/hostile/jobs")]
    [InlineData("/runs/hostile/jobs?job=s%2F000000%2Frollout%2F0")]
    [InlineData("/runs/hostile/jobs?log=worker-0")]
    [InlineData("/runs/hostile/recipe")]
    [InlineData("/runs/hostile/report")]
    [InlineData("/runs/held")]
    [InlineData("/runs/lively/curves")]
    [InlineData("/new")]
    [InlineData("/runs")]
    [InlineData("/compare?from=hostile&to=hostile")]
    public async Task View_OfWordsThatWantToBeMore_ShowsThemAsText(string route)
    {
        await using var watched = await fixture.OpenAsync();
        await HostileAnswers.GiveAsync(watched.Page);
        await watched.Page.GotoAsync($"{fixture.Host.AddressWithKey}&{route}");
        await Expect(watched.Page.GetByText("window.pwned = 1").First).ToBeVisibleAsync();
        await HarmlessAsync(watched);
    }

    private static async Task HarmlessAsync(WatchedPage watched)
    {
        (await watched.Page.EvaluateAsync<bool>("'pwned' in window")).ShouldBeFalse();
        // The report's picture is an image, in which no script runs.
        (await watched.Page.Locator("main img:not(.report-curve), main script").CountAsync()).ShouldBe(0);
        watched.Requests.ShouldNotContain(url => url.EndsWith("/x", StringComparison.Ordinal));
        watched.Errors.ShouldBeEmpty();
    }
}
