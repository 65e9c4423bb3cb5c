using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>A small real run in a real browser, from its recipe to its end.</summary>
public sealed partial class RunTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    [Fact]
    public async Task Run_StartedFromThePage_GrowsIsHeldGoesOnAndSurvivesItsWorkerAndHost()
    {
        await using var watched = await fixture.OpenAsync("/new");
        var page = watched.Page;
        await page.Locator("textarea").FillAsync(SmallRecipes.Of("seen", 2000));
        await Expect(page.GetByText("Device hours")).ToBeVisibleAsync(); // the plan comes before the launch
        await page.GetByRole(AriaRole.Button, new() { Name = "Start the run" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(StartedPattern());
        var id = new Uri(page.Url).Fragment.Split('/')[2];

        await page.GetByRole(AriaRole.Link, new() { Name = "Curves", Exact = true }).ClickAsync();
        var curve = page.Locator("[role=img][aria-label^='Reward: reward/mean']");
        await Expect(curve).ToBeVisibleAsync();
        await GrowsAsync(curve);

        await ActAsync(page, "Pause");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("paused");
        await ActAsync(page, "Resume");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("running");
        await GrowsAsync(curve);

        await page.GetByRole(AriaRole.Link, new() { Name = "Workers and jobs" }).ClickAsync();
        await Expect(page.Locator(".worker .gauge").GetByText("Memory")).ToBeVisibleAsync();
        await fixture.Host.KillWorkerAsync(id);
        await Expect(page.Locator(".worker").GetByText("1 restart")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Jobs, newest first" })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Samples", Exact = true }).ClickAsync();
        await Expect(page.Locator(".sample").First).ToBeVisibleAsync();
        await Expect(page.Locator(".sample .reward-parts").First).ToContainTextAsync("accuracy/exact");
        // The first iteration's update is done since the curve grew; the newest's may never be, once the run is cancelled.
        await page.GotoAsync($"{fixture.Host.AddressWithKey}&/runs/{id}/samples?set={Uri.EscapeDataString("rl|rollout|1|")}");
        await Expect(page.GetByTitle("Advantage").First).ToBeVisibleAsync();

        await fixture.Host.KillAsync();
        await Expect(page.Locator(".connection")).ToContainTextAsync("host away");
        await fixture.Host.StartAsync();
        await Expect(page.Locator(".connection")).ToHaveTextAsync("live");
        await page.GetByRole(AriaRole.Link, new() { Name = "Curves", Exact = true }).ClickAsync();
        await GrowsAsync(curve);

        await ActAsync(page, "Cancel");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("cancelled");

        await page.GetByRole(AriaRole.Link, new() { Name = "Runs", Exact = true }).First.ClickAsync();
        await page.GetByLabel("Filter by name or id").FillAsync("SEEN");
        var line = page.GetByRole(AriaRole.Row).Filter(new() { HasText = id });
        await Expect(line).ToContainTextAsync("/ 2000");
        await Expect(line).ToContainTextAsync("cancelled");
        await page.GetByLabel("Filter by name or id").FillAsync("no such run");
        await Expect(page.GetByText("No run matches.")).ToBeVisibleAsync();
        watched.Errors.ShouldBeEmpty();
    }

    private static async Task ActAsync(IPage page, string action)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = $"{action} the run" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
    }

    // The chart's words name its last step and figure.
    private static async Task GrowsAsync(ILocator curve)
    {
        for (var times = 0; times < 2; times++)
            await Expect(curve).Not.ToHaveAttributeAsync("aria-label", (await curve.GetAttributeAsync("aria-label"))!);
    }

    [GeneratedRegex("#/runs/seen-")]
    private static partial Regex StartedPattern();
}
