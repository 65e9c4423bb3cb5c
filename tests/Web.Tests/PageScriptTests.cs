using System.ComponentModel;
using System.Diagnostics;
using R1Cloud.Testing;

namespace R1Cloud.Web.Tests;

/// <summary>The page's own tests of its parts that need no browser (src/Web/tests), as Node runs them.</summary>
public sealed class PageScriptTests
{
    [Fact]
    public async Task Parts_TheirTests_Pass()
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", "test --silent")
        {
            WorkingDirectory = Repository.PathOf("src", "Web"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var npm = Start(start);
        var output = npm.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = npm.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await npm.WaitForExitAsync(TestContext.Current.CancellationToken);
        npm.ExitCode.ShouldBe(0, await output + await errors);
        (await output).ShouldContain("pass");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            Assert.Skip($"npm is not here: {e.Message}");
            throw;
        }
    }
}
