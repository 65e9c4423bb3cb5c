using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.LocalHost.Tests.Commands;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.Security;

/// <summary>Whom the commands believe, and to whom they give the key.</summary>
public sealed class HostFileTests : IAsyncLifetime
{
    private const string Key = "open-sesame";

    private readonly TestFolder folder = new();
    private FakeApi api = null!;

    public async ValueTask InitializeAsync() => api = await FakeApi.StartAsync(Key);

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Runs_HostOfTheDataFolder_GetsTheKeyThatItTold()
    {
        WriteHost(Environment.ProcessId, api.Url);
        (await RunsAsync([])).ExitCode.ShouldBe(ExitCode.Ok);
        (await RunsAsync([], "--url", api.Url)).ExitCode.ShouldBe(ExitCode.Ok);
        (await RunsAsync(new() { ["R1_API_KEY"] = "of another service" })).ExitCode.ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Runs_HostThatDied_IsNotAsked()
    {
        WriteHost(int.MaxValue, api.Url);
        await RefusedAsync("No host runs on the data folder");
    }

    [Theory]
    [InlineData("http://attacker.example:80")]
    [InlineData("http://192.0.2.1:7171")]
    [InlineData("https://127.0.0.1:7171")]
    [InlineData("file:///etc/passwd")]
    public async Task Runs_HostFileThatLeadsElsewhere_IsNotFollowed(string url)
    {
        WriteHost(Environment.ProcessId, url);
        await RefusedAsync("is not followed");
    }

    [Fact]
    public async Task Runs_HostFileThatOthersMayWrite_IsNotFollowed()
    {
        Assert.SkipUnless(FileStatus.IsKnown, "This system does not tell who may write a file.");
        WriteHost(Environment.ProcessId, api.Url);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder[".r1/host.json"], PrivateFolder.FileMode | UnixFileMode.OtherWrite);
        await RefusedAsync("can be written by other users");
    }

    [Fact]
    public async Task Runs_KeyAsAnArgument_IsRefused()
    {
        (await RunsAsync([], "--url", api.Url, "--api-key", Key)).ExitCode.ShouldBe(ExitCode.BadInput);
        var outcome = await RunsAsync([], "--url", $"{api.Url}/#key={Key}");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput);
        outcome.Error.ShouldContain("--api-key-file");
        api.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Runs_KeyByFileOrEnvironment_IsSent()
    {
        var file = folder.Write("key", Key + "\n");
        (await RunsAsync([], "--url", api.Url, "--api-key-file", file)).ExitCode.ShouldBe(ExitCode.Ok);
        (await RunsAsync(new() { ["R1_API_KEY"] = Key }, "--url", api.Url)).ExitCode.ShouldBe(ExitCode.Ok);
        (await RunsAsync(new() { ["R1_URL"] = $"{api.Url}/#key={Key}" })).ExitCode.ShouldBe(ExitCode.Ok);
        (await RunsAsync([], "--url", api.Url, "--api-key-file", folder.Write("empty", "\n"))).Error.ShouldContain("is empty");
        (await RunsAsync([], "--url", api.Url, "--api-key-file", folder["nowhere"])).Error.ShouldContain("cannot be read");
    }

    [Theory]
    [InlineData("http://service.example", Key, null)]
    [InlineData("http://192.0.2.1:7171", Key, null)]
    [InlineData("http://service.example", null, "token")]
    public void Client_SecretOverAnOpenLine_IsRefused(string url, string? key, string? token) =>
        Should.Throw<BadInputException>(() => new RunClient(new Uri(url), key, token)).Message.ShouldContain("https://");

    [Theory]
    [InlineData("https://service.example", Key)]
    [InlineData("http://127.0.0.1:7171", Key)]
    [InlineData("http://[::1]:7171", Key)]
    [InlineData("http://service.example", null)]
    public void Client_SecretThatStaysOne_IsTaken(string url, string? key) => new RunClient(new Uri(url), key).Dispose();

    [Fact]
    public async Task Client_Redirect_IsToldAndNotFollowed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = Task.Run(async () =>
        {
            using var connection = await listener.AcceptTcpClientAsync();
            var stream = connection.GetStream();
            _ = await stream.ReadAsync(new byte[4096]);
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 302 Found\r\nLocation: {api.Url}/api/runs\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        });
        using var client = new RunClient(new Uri($"http://{listener.LocalEndpoint}"), Key);
        var error = await Should.ThrowAsync<RequestRefusedException>(() => client.ListAsync(null, null, null, default));
        error.Message.ShouldContain("Redirects are not followed");
        await answering;
        api.Requests.ShouldBeEmpty();
    }

    [Fact]
    public void Choose_PortTakenThatNobodyChose_IsAnyOther()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var options = new LocalHostOptions { DataFolder = folder[".r1"], Port = ((IPEndPoint)other.LocalEndpoint).Port };
        ListenAddress.Choose(options with { AnyPortWillDo = true }).Port.ShouldBe(0);
        Should.Throw<EnvironmentException>(() => ListenAddress.Choose(options)).Message.ShouldContain("is in use");
    }

    private void WriteHost(int pid, string url)
    {
        var file = folder.Write(".r1/host.json",
            JsonSerializer.Serialize(new HostInfo(pid, DateTimeOffset.UnixEpoch, "0.1.0", url, Key), Shared.R1Json.Options));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, PrivateFolder.FileMode);
    }

    private async Task RefusedAsync(string why)
    {
        var outcome = await RunsAsync([]);
        outcome.ExitCode.ShouldBe(ExitCode.Environment, outcome.All);
        outcome.Error.ShouldContain(why);
        api.Requests.ShouldBeEmpty();
    }

    private Task<ProcessOutcome> RunsAsync(Dictionary<string, string?> environment, params string[] arguments) =>
        R1.RunWithAsync(folder, environment, ["runs", .. arguments]);
}
