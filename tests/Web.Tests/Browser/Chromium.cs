using Microsoft.Playwright;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>The Chromium that this machine has.</summary>
internal static class Chromium
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>Its program; null when there is none.</summary>
    public static string? Program { get; } = Names.Select(OnPath).FirstOrDefault(path => path is not null);

    /// <summary>Why no browser can be started; null when one can.</summary>
    public static string? Missing =>
        Program is null ? $"No Chromium is installed ({string.Join(", ", Names)})."
        : Node is null ? "Node.js, which drives the browser, is not installed." : null;

    /// <summary>Starts it.</summary>
    public static async Task<(IPlaywright Driver, IBrowser Browser)> LaunchAsync()
    {
        // The driver's own Node.js is left out of the build: the one that is here does.
        Environment.SetEnvironmentVariable("PLAYWRIGHT_NODEJS_PATH", Node);
        var driver = await Playwright.CreateAsync();
        // Chromium's sandbox refuses the user root, which containers run tests as.
        string[] arguments = Environment.IsPrivilegedProcess ? ["--no-sandbox"] : [];
        return (driver, await driver.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = arguments }));
    }

    private static string? Node { get; } = OnPath("node");

    private static string? OnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Where(folder => folder.Length > 0)
        .SelectMany(folder => (string[])[Path.Combine(folder, name), Path.Combine(folder, name + ".exe")])
        .FirstOrDefault(File.Exists);
}
