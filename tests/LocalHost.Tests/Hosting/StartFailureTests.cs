using System.Net;
using System.Net.Sockets;

namespace R1Cloud.LocalHost.Tests.Hosting;

/// <summary>A machine that is not ready is refused at once, with exit code 3, before anything was started.</summary>
public sealed class StartFailureTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Serve_PortInUse_NamesItAndTheWayOut()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var outcome = await R1Process.RunAsync(folder, "serve", "--port", $"{port}");
        outcome.ExitCode.ShouldBe(3, outcome.All);
        outcome.Error.ShouldContain($"Port {port} is in use");
        outcome.Error.ShouldContain("--port");
        Directory.Exists(folder[".r1/azurite"]).ShouldBeFalse();
    }

    [Fact]
    public async Task Serve_AzuriteNotInstalled_SaysHowToInstallIt()
    {
        folder.Write("azurite/azurite.mjs", "");
        var outcome = await R1Process.RunWithAsync(folder, new() { ["R1_AZURITE"] = folder["azurite"] }, "serve", "--port", "0");
        outcome.ExitCode.ShouldBe(3, outcome.All);
        outcome.Error.ShouldContain("Azurite is not installed");
        outcome.Error.ShouldContain("npm ci");
    }

    [Fact]
    public async Task Serve_AzuriteFolderWrong_NamesTheVariable()
    {
        var outcome = await R1Process.RunWithAsync(folder, new() { ["R1_AZURITE"] = folder["nowhere"] }, "serve", "--port", "0");
        outcome.ExitCode.ShouldBe(3, outcome.All);
        outcome.Error.ShouldContain("R1_AZURITE");
    }

    [Fact]
    public async Task Serve_AzuriteDiesAtTheStart_TellsItsLastWords()
    {
        folder.Write("azurite/azurite.mjs", "console.error('no more disk'); process.exit(1);");
        Directory.CreateDirectory(folder["azurite/node_modules/azurite"]);
        var outcome = await R1Process.RunWithAsync(folder, new() { ["R1_AZURITE"] = folder["azurite"] }, "serve", "--port", "0");
        outcome.ExitCode.ShouldBe(3, outcome.All);
        outcome.Error.ShouldContain("no more disk");
    }

    [Fact]
    public async Task Serve_BoundElsewhereWithoutKey_IsRefused()
    {
        var outcome = await R1Process.RunAsync(folder, "serve", "--port", "0", "--bind", "0.0.0.0");
        outcome.ExitCode.ShouldBe(3, outcome.All);
        outcome.Error.ShouldContain("R1_API_KEY");
    }
}
