using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>What can be done with runs that have ended: laid over each other, looked through, forked, removed.</summary>
public sealed partial class CompletedRunTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    [Fact]
    public async Task Curves_OfTwoRuns_LieOverEachOtherAndCanBeTakenAway()
    {
        var (first, second) = (await fixture.CompletedRunAsync(), await fixture.CompletedRunAsync("other-seed", 6));
        await using var watched = await fixture.OpenAsync("/runs");
        var page = watched.Page;
        await page.GetByLabel($"Choose {second}").CheckAsync();
        await page.GetByLabel($"Choose {first}").CheckAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Overlay curves" }).ClickAsync();
        var chart = page.Locator(".chart").Filter(new() { Has = page.GetByText("Reward", new() { Exact = true }) });
        await Expect(chart.Locator(".legend-item")).ToHaveCountAsync(2);
        await Expect(chart.Locator(".legend")).ToContainTextAsync(first);
        await Expect(chart.Locator(".legend")).ToContainTextAsync(second);

        var csv = await SavedAsync(page, "Reward as CSV");
        var lines = Encoding.UTF8.GetString(csv).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe($"step,{second} reward/mean,{first} reward/mean");
        lines.Length.ShouldBe(9);
        Encoding.Latin1.GetString(await SavedAsync(page, "Reward as PNG"))[1..4].ShouldBe("PNG");

        await page.GetByLabel("Log scale").CheckAsync();
        await page.GetByLabel("From step").FillAsync("3");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(BothPattern());
        await page.ReloadAsync(); // the address is all that the view is made of
        await Expect(page.GetByLabel("Log scale")).ToBeCheckedAsync();
        await Expect(page.GetByLabel("From step")).ToHaveValueAsync("3");
        await Expect(chart.Locator(".legend-item")).ToHaveCountAsync(2);

        await page.GotoAsync($"{fixture.Host.AddressWithKey}&/compare?from={first}&to={second}");
        var seeds = page.GetByRole(AriaRole.Rowheader, new() { Name = "seed", Exact = true });
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { Has = seeds })).ToContainTextAsync("6");
        watched.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Samples_EveryOrder_IsOneThatTheHostKnows()
    {
        var id = await fixture.CompletedRunAsync();
        await using var watched = await fixture.OpenAsync($"/runs/{id}/samples?stage=rl");
        var page = watched.Page;
        await Expect(page.Locator(".sample").First).ToBeVisibleAsync();
        var order = page.GetByLabel("Order");
        var orders = await order.Locator("option").EvaluateAllAsync<string[]>("options => options.map(option => option.value)");
        orders.Length.ShouldBeGreaterThan(5);
        foreach (var one in orders.Where(one => one.Length > 0))
        {
            var answer = page.WaitForResponseAsync(response => response.Url.Contains("/samples/rows", StringComparison.Ordinal)
                && response.Url.Contains($"sort={one}", StringComparison.Ordinal));
            await page.GotoAsync($"{fixture.Host.Address}/#/runs/{id}/samples?stage=rl&sort={one}");
            (await answer).Status.ShouldBe(200, one);
            await Expect(page.Locator(".sample").First).ToBeVisibleAsync();
        }
        watched.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Samples_SideBySide_AreOfTwoCheckpointsOnOneProblem()
    {
        var id = await fixture.CompletedRunAsync();
        await using var watched = await fixture.OpenAsync($"/runs/{id}/samples?mode=compare");
        var page = watched.Page;
        var left = page.GetByLabel("Left");
        await Expect(left.Locator("option[value*='|evaluate|']").First).ToBeAttachedAsync();
        var sets = await left.Locator("option").EvaluateAllAsync<string[]>("options => options.map(option => option.value)");
        string Of(string stage) => sets.First(set => set.StartsWith($"{stage}|evaluate|", StringComparison.Ordinal));
        await left.SelectOptionAsync(Of("base"));
        await page.GetByLabel("Right").SelectOptionAsync(Of("rl"));
        var sides = page.Locator(".side-by-side > section");
        await Expect(sides).ToHaveCountAsync(2);
        await Expect(sides.Nth(0)).ToContainTextAsync("base · evaluation");
        await Expect(sides.Nth(1)).ToContainTextAsync("rl · evaluation");
        foreach (var side in await sides.AllAsync()) await Expect(side.Locator(".sample").First).ToBeVisibleAsync();

        var problem = page.GetByLabel("Problem");
        var first = await problem.InputValueAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Next", Exact = true }).ClickAsync();
        await Expect(problem).Not.ToHaveValueAsync(first);
        var second = await problem.InputValueAsync();
        await page.ReloadAsync(); // the address is all that the view is made of
        await Expect(problem).ToHaveValueAsync(second);
        foreach (var side in await sides.AllAsync()) await Expect(side.Locator(".sample").First).ToBeVisibleAsync();
        watched.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_ForkedOnThePage_GoesOnBesideAndIsRemoved()
    {
        var id = await fixture.CompletedRunAsync();
        await using var watched = await fixture.OpenAsync($"/runs/{id}");
        var page = watched.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "Fork", Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("From stage").SelectOptionAsync("rl");
        await dialog.GetByLabel("Run id").FillAsync("forked");
        await dialog.GetByLabel("Other settings, a line each").FillAsync("stages.base.steps=50");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Start the fork" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("stages.base"); // it would have no effect
        await dialog.GetByLabel("Other settings, a line each").FillAsync("stages.rl.iterations=10\nstages.rl.optimizer.learningRate=1e-4");
        await Axe.NoViolationAsync(page);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Start the fork" }).ClickAsync();

        await Expect(page).ToHaveURLAsync($"{fixture.Host.Address}/#/runs/forked");
        await Expect(page.Locator(".relatives")).ToContainTextAsync($"fork of {id} from rl:8");
        await Expect(page.Locator(".story")).ToContainTextAsync($"a fork of '{id}' at rl:8");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("completed");
        await page.GetByRole(AriaRole.Link, new() { Name = "Overlay their curves" }).ClickAsync();
        var chart = page.Locator(".chart").Filter(new() { Has = page.GetByText("Reward", new() { Exact = true }) });
        await Expect(chart.Locator(".legend")).ToContainTextAsync(id);

        await page.GetByRole(AriaRole.Button, new() { Name = "Retry", Exact = true }).ClickAsync();
        await dialog.GetByLabel("From stage").SelectOptionAsync("rl");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Retry the run" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Overview", Exact = true }).ClickAsync();
        await Expect(page.Locator(".node-name").Filter(new() { HasText = "rl~1" })).ToBeVisibleAsync();
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("completed");

        await page.GetByRole(AriaRole.Button, new() { Name = "Remove", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the run" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("forked is removed");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "All runs" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = id })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "forked" })).ToBeHiddenAsync();
        watched.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Report_OfARun_HasItsPictureAndPrintsWithoutThePagesTools()
    {
        var id = await fixture.CompletedRunAsync();
        await using var watched = await fixture.OpenAsync($"/runs/{id}/report", new() { ColorScheme = ColorScheme.Dark });
        var page = watched.Page;
        var picture = page.GetByAltText("The figures of the run as curves", new() { Exact = false });
        await Expect(picture).ToBeVisibleAsync();
        (await picture.EvaluateAsync<int>("image => image.decode().then(() => image.naturalWidth)")).ShouldBeGreaterThan(100);
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Print" })).ToBeHiddenAsync();
        await Expect(page.Locator("header.bar")).ToBeHiddenAsync();
        // Dark words on white paper, whatever the screen has.
        await Expect(page.Locator(".report h2").First).ToHaveCSSAsync("color", "rgb(27, 29, 33)");
        await Expect(picture).ToBeVisibleAsync();
        Encoding.Latin1.GetString(await page.PdfAsync())[..4].ShouldBe("%PDF");
        watched.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Keyboard_Alone_OpensARunAndItsDialogs()
    {
        var id = await fixture.CompletedRunAsync();
        await using var watched = await fixture.OpenAsync("/runs");
        var page = watched.Page;
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = id })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, id);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("h1")).ToContainTextAsync(id);
        await TabToAsync(page, "Fork");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Fork", Exact = true })).ToBeFocusedAsync();
        watched.Errors.ShouldBeEmpty();
    }

    private static async Task TabToAsync(IPage page, string text)
    {
        var passed = new List<string>();
        while (passed.Count < 60)
        {
            await page.Keyboard.PressAsync("Tab");
            passed.Add(await page.EvaluateAsync<string>("document.activeElement.textContent.trim()"));
            if (passed[^1] == text) return;
        }
        passed.ShouldContain(text);
    }

    private static async Task<byte[]> SavedAsync(IPage page, string button)
    {
        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync());
        return await File.ReadAllBytesAsync(await file.PathAsync());
    }

    [GeneratedRegex("(?=.*log=1)(?=.*from=3)")]
    private static partial Regex BothPattern();
}
