using Microsoft.Playwright;
using R1Cloud.Testing;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>A host and a browser for all tests of a class; neither is started where there is no browser.</summary>
public sealed class PageFixture : IAsyncLifetime
{
    private const float Patience = 300_000; // a busy machine takes its time
    private readonly TempFolder folder = new();
    private IPlaywright? driver;
    private IBrowser? browser;
    private readonly HashSet<string> completed = [];

    internal ServedHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Chromium.Missing is not null) return;
        Host = new(folder["data"]);
        await Host.StartAsync();
        (driver, browser) = await Chromium.LaunchAsync();
        Assertions.SetDefaultExpectTimeout(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        driver?.Dispose();
        if (Host is not null) await Host.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>The id of a small run that has ended well; begun by who asks first.</summary>
    internal async Task<string> CompletedRunAsync(string id = "looked-at", int seed = 5)
    {
        Assert.SkipWhen(Chromium.Missing is not null, Chromium.Missing ?? "");
        if (completed.Contains(id)) return id;
        await Host.PostAsync($"/api/runs?id={id}", SmallRecipes.Of(id, 8, seed));
        for (var status = ""; status != "completed";)
        {
            var run = await Host.GetAsync($"/api/runs/{id}");
            status = run.GetProperty("status").GetString();
            if (status is "failed" or "cancelled") throw new InvalidOperationException($"The run ended badly: {run}");
            await Task.Delay(200);
        }
        completed.Add(id);
        return id;
    }

    /// <summary>A page in a browser that knows nothing of earlier ones; whatever it complains of is kept.</summary>
    internal async Task<WatchedPage> OpenAsync(string? route = null, BrowserNewContextOptions? options = null)
    {
        Assert.SkipWhen(Chromium.Missing is not null, Chromium.Missing ?? "");
        var context = await browser!.NewContextAsync(options);
        context.SetDefaultTimeout(Patience);
        var page = new WatchedPage(context, await context.NewPageAsync());
        if (route is not null) await page.Page.GotoAsync($"{Host.AddressWithKey}&{route}");
        return page;
    }
}

/// <summary>A page with what it complained of: errors of scripts, and what its rules kept it from.</summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private readonly IBrowserContext context;

    public WatchedPage(IBrowserContext context, IPage page)
    {
        (this.context, Page) = (context, page);
        page.PageError += (_, error) => Errors.Add(error);
        page.Dialog += (_, dialog) => Errors.Add($"dialog: {dialog.Message}");
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal)) Errors.Add(message.Text);
        };
        page.Request += (_, request) => Requests.Add(request.Url);
    }

    public IPage Page { get; }

    public List<string> Errors { get; } = [];

    public List<string> Requests { get; } = [];

    public ValueTask DisposeAsync() => context.DisposeAsync();
}
