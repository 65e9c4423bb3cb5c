using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>The page in a real browser, against a real host and small real runs.</summary>
public sealed class PageTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    private static readonly LocatorAssertionsToBeVisibleOptions Visible = new() { Timeout = 240_000 };

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

    [Fact]
    public async Task Recipe_WithAMistake_IsToldInPlaceAndDoesNotStart()
    {
        await using var watched = await fixture.OpenAsync("/new");
        var page = watched.Page;
        var editor = page.GetByLabel("Recipe", new() { Exact = true }).Locator("visible=true").And(page.Locator("textarea"));
        await editor.FillAsync(SmallRecipes.Of("wrong", 3).Replace("\"groupSize\"", "\"groupsize\"", StringComparison.Ordinal));
        var problem = page.GetByRole(AriaRole.List, new() { Name = "Problems of the recipe" }).GetByRole(AriaRole.Button).First;
        await Expect(problem).ToContainTextAsync("groupsize");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Start the run" })).ToBeDisabledAsync();
        await problem.ClickAsync();
        (await page.EvaluateAsync<string>("(t => t.value.slice(t.selectionStart, t.selectionEnd))(document.querySelector('textarea'))")).ShouldContain("groupsize");

        await editor.FillAsync("{ \"name\": ");
        await Expect(problem).ToContainTextAsync("JSON");
        watched.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Editor_CtrlSpace_ProposesWhatTheSchemaAllows()
    {
        await using var watched = await fixture.OpenAsync("/new");
        var page = watched.Page;
        await page.Locator("textarea").FillAsync("{ \"stages\": { \"s\": { \"kind\": \"sft\", } } }");
        await page.EvaluateAsync("(t => t.setSelectionRange(t.value.indexOf('sft') + 5, t.value.indexOf('sft') + 5))(document.querySelector('textarea'))");
        await page.Locator("textarea").PressSequentiallyAsync(" \"epo");
        await Expect(page.GetByRole(AriaRole.Option, new() { Name = "epochs" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Enter");
        (await page.Locator("textarea").InputValueAsync()).ShouldContain("\"epochs\": ");
    }

    [Fact]
    public async Task Run_StartedFromThePage_GrowsIsHeldGoesOnAndSurvivesItsWorkerAndHost()
    {
        await using var watched = await fixture.OpenAsync("/new");
        var page = watched.Page;
        await page.Locator("textarea").FillAsync(SmallRecipes.Of("seen", 400));
        await Expect(page.GetByText("Device hours")).ToBeVisibleAsync(Visible); // the plan comes before the launch
        await page.GetByRole(AriaRole.Button, new() { Name = "Start the run" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("#/runs/seen-"), new() { Timeout = 60_000 });
        var id = new Uri(page.Url).Fragment.Split('/')[2];

        await page.GetByRole(AriaRole.Link, new() { Name = "Curves", Exact = true }).ClickAsync();
        var curve = page.Locator("[role=img][aria-label^='Reward: reward/mean']");
        await Expect(curve).ToBeVisibleAsync(Visible);
        await GrowsAsync(curve);

        await ActAsync(page, "Pause");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("paused", new() { Timeout = 60_000 });
        await ActAsync(page, "Resume");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("running", new() { Timeout = 60_000 });
        await GrowsAsync(curve);

        await fixture.Host.KillWorkerAsync(id);
        await page.GetByRole(AriaRole.Link, new() { Name = "Workers and jobs" }).ClickAsync();
        await Expect(page.Locator(".worker").GetByText("1 restart")).ToBeVisibleAsync(Visible);
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Jobs, newest first" })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Samples", Exact = true }).ClickAsync();
        await Expect(page.Locator(".sample").First).ToBeVisibleAsync(Visible);
        await Expect(page.Locator(".sample .reward-parts").First).ToContainTextAsync("accuracy/exact");

        await fixture.Host.KillAsync();
        await Expect(page.Locator(".connection")).ToContainTextAsync("host away", new() { Timeout = 60_000 });
        await fixture.Host.StartAsync();
        await Expect(page.Locator(".connection")).ToHaveTextAsync("live", new() { Timeout = 120_000 });
        await page.GetByRole(AriaRole.Link, new() { Name = "Curves", Exact = true }).ClickAsync();
        await GrowsAsync(curve);

        await ActAsync(page, "Cancel");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("cancelled", new() { Timeout = 120_000 });
        watched.Errors.ShouldBeEmpty();
    }

    private static async Task ActAsync(IPage page, string action)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = $"{action} the run" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync(new() { Timeout = 60_000 });
    }

    // The chart's words name its last step and figure.
    private static async Task GrowsAsync(ILocator curve)
    {
        for (var times = 0; times < 2; times++)
            await Expect(curve).Not.ToHaveAttributeAsync("aria-label", (await curve.GetAttributeAsync("aria-label"))!, new() { Timeout = 240_000 });
    }
}
