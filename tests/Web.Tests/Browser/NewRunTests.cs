using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>The editor of recipes, against a real host.</summary>
public sealed class NewRunTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    [Fact]
    public async Task Recipe_WithAMistake_IsToldInPlaceAndDoesNotStart()
    {
        await using var watched = await fixture.OpenAsync("/new");
        var page = watched.Page;
        var editor = page.Locator("textarea");
        await editor.FillAsync(SmallRecipes.Of("wrong", 3).Replace("\"groupSize\"", "\"groupsize\"", StringComparison.Ordinal));
        var problem = page.GetByRole(AriaRole.List, new() { Name = "Problems of the recipe" }).GetByRole(AriaRole.Button).First;
        await Expect(problem).ToContainTextAsync("groupsize");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Start the run" })).ToBeDisabledAsync();
        await problem.ClickAsync();
        (await page.EvaluateAsync<string>("(t => t.value.slice(t.selectionStart, t.selectionEnd))(document.querySelector('textarea'))"))
            .ShouldContain("groupsize");

        await editor.FillAsync("{ \"name\": ");
        await Expect(problem).ToContainTextAsync("JSON");
        watched.Errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Editor_CtrlSpace_ProposesWhatTheSchemaAllows(bool beforeItHasCome)
    {
        await using var watched = await fixture.OpenAsync();
        var page = watched.Page;
        var asked = new TaskCompletionSource();
        await page.RouteAsync("**/api/schema", async route =>
        {
            if (beforeItHasCome) await asked.Task;
            await route.ContinueAsync();
        });
        await page.GotoAsync($"{fixture.Host.AddressWithKey}&/new");
        await page.Locator("textarea").FillAsync("{ \"stages\": { \"s\": { \"kind\": \"sft\",\n} } }");
        await page.EvaluateAsync(
            "(t => t.setSelectionRange(t.value.indexOf('sft') + 5, t.value.indexOf('sft') + 5))(document.querySelector('textarea'))");
        await page.Locator("textarea").PressSequentiallyAsync(" \"epo");
        await page.Keyboard.PressAsync("Control+Space");
        asked.SetResult();
        await Expect(page.GetByRole(AriaRole.Option, new() { Name = "epochs" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Enter");
        (await page.Locator("textarea").InputValueAsync()).ShouldContain("\"epochs\": ");
        watched.Errors.ShouldBeEmpty();
    }
}
