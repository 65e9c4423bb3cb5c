using System.Text.Json;
using Microsoft.Playwright;
using R1Cloud.Testing;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>axe-core, which finds what keeps people from using a page.</summary>
internal static class Axe
{
    private static readonly string Script = Repository.PathOf("src", "Web", "node_modules", "axe-core", "axe.min.js");

    /// <summary>Looks at what is shown just now.</summary>
    public static async Task NoViolationAsync(IPage page)
    {
        // Evaluated, not added as a script: the page's rules let none in.
        await page.EvaluateAsync(await File.ReadAllTextAsync(Script));
        var result = await page.EvaluateAsync<JsonElement>("""
            axe.run(document, { resultTypes: ['violations'] }).then(result =>
                result.violations.map(one => `${one.id}: ${one.help} ${one.nodes[0].html} ${one.nodes[0].failureSummary}`))
            """);
        result.EnumerateArray().Select(violation => violation.GetString()).ShouldBeEmpty();
    }
}
