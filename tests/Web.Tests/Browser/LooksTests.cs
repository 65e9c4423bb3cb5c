using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>
/// How the views look in light, in the dark, on a phone and on a large screen: nothing goes beyond the window, and axe-core finds
/// nothing. With <c>R1_SCREENSHOTS</c> set to a folder, pictures of them are put there.
/// </summary>
public sealed class LooksTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("R1_SCREENSHOTS");

    private static readonly (string Name, ColorScheme Scheme, ViewportSize Size)[] Looks =
    [
        ("light", ColorScheme.Light, new() { Width = 1280, Height = 900 }),
        ("dark", ColorScheme.Dark, new() { Width = 1280, Height = 900 }),
        ("phone", ColorScheme.Light, new() { Width = 360, Height = 740 }),
        ("4k", ColorScheme.Dark, new() { Width = 3840, Height = 2160 }),
    ];

    private static readonly (string Name, string Route, string Shows)[] Views =
    [
        ("runs", "/runs", "td[data-name=Progress]"),
        ("overview", "/runs/{id}", "[role=img][aria-label^='Reward: reward/mean']"),
        ("curves", "/runs/{id}/curves?stage=rl", "[role=img][aria-label^='Reward: reward/mean']"),
        ("samples", "/runs/{id}/samples?stage=rl", ".sample .reward-parts"),
        ("compare", "/runs/{id}/samples?mode=compare", ".samples"),
        ("jobs", "/runs/{id}/jobs", "table"),
        ("recipe", "/runs/{id}/recipe", "pre"),
        ("report", "/runs/{id}/report", "h2"),
    ];

    public static TheoryData<string> Names => [.. Looks.Select(look => look.Name)];

    [Theory, MemberData(nameof(Names))]
    public async Task Views_OfARun_FitTheirWindowAndHaveNoViolation(string name)
    {
        var (_, scheme, size) = Looks.Single(look => look.Name == name);
        var id = await fixture.CompletedRunAsync();
        await using var watched = await fixture.OpenAsync("/runs", new() { ColorScheme = scheme, ViewportSize = size });
        var page = watched.Page;
        foreach (var (view, route, shows) in Views)
        {
            await page.GotoAsync($"{fixture.Host.Address}/#{route.Replace("{id}", id, StringComparison.Ordinal)}");
            await Expect(page.Locator("main").Locator(shows).First).ToBeVisibleAsync();
            if (Folder is { Length: > 0 })
                await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{view}-{name}.png"), FullPage = true });
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth"))
                .ShouldBeLessThanOrEqualTo(0, $"{view} is wider than the window");
            await Axe.NoViolationAsync(page);
        }
        // It works offline: nothing is asked for elsewhere.
        watched.Requests.Where(url => !url.StartsWith($"{fixture.Host.Address}/", StringComparison.Ordinal)
            && !url.StartsWith("data:", StringComparison.Ordinal) && !url.StartsWith("blob:", StringComparison.Ordinal)).ShouldBeEmpty();
        watched.Errors.ShouldBeEmpty();
    }
}
