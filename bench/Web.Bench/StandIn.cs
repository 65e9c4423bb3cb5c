using System.Diagnostics;
using Microsoft.Playwright;
using R1Cloud.Testing;
using R1Cloud.Web.Tests.Browser;

namespace R1Cloud.Web.Bench;

/// <summary>The stand-in for a host (src/Web/dev), and a browser.</summary>
internal sealed class StandIn : IAsyncDisposable
{
    private readonly Process server;
    private readonly IPlaywright driver;
    private readonly IBrowser browser;

    private StandIn(Process server, IPlaywright driver, IBrowser browser, string address) =>
        (this.server, this.driver, this.browser, Address) = (server, driver, browser, address);

    /// <summary>Its address, with the key.</summary>
    public string Address { get; }

    /// <summary>Starts both.</summary>
    public static async Task<StandIn> StartAsync()
    {
        if (Chromium.Missing is { } missing) throw new InvalidOperationException(missing);
        var folder = Repository.PathOf("src", "Web");
        var start = new ProcessStartInfo("node", "dev/server.mjs") { WorkingDirectory = folder, RedirectStandardOutput = true };
        start.Environment["PORT"] = "0";
        start.Environment["R1_PAGE"] = Repository.PathOf("artifacts", "obj", "Web", "page");
        var server = Process.Start(start)!;
        var address = await server.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The stand-in did not start.");
        var (driver, browser) = await Chromium.LaunchAsync();
        return new(server, driver, browser, address);
    }

    /// <summary>A page that knows the key; it has been at the host once, as a second visit finds the files in the browser.</summary>
    public async Task<IPage> OpenAsync(int height = 900)
    {
        // What waits for a condition is evaluated as text, which the page's rules forbid.
        var page = await browser.NewPageAsync(new() { BypassCSP = true, ViewportSize = new() { Width = 1440, Height = height } });
        await page.GotoAsync(Address);
        return page;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        driver.Dispose();
        server.Kill();
        server.Dispose();
    }
}
