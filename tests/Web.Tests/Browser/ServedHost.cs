using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using R1Cloud.Testing;

namespace R1Cloud.Web.Tests.Browser;

/// <summary><c>r1 serve</c> as a process, which can be killed and started again at the same address with the same key.</summary>
internal sealed class ServedHost(string data) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private readonly List<string> output = [];
    private Process? process;

    /// <summary>What requests carry.</summary>
    public string Key { get; } = "key-of-the-browser-tests-" + Guid.NewGuid().ToString("N");

    /// <summary>Its address.</summary>
    public string Address { get; } = $"http://127.0.0.1:{FreePort()}";

    /// <summary>The address as the host prints it.</summary>
    public string AddressWithKey => $"{Address}/#key={Key}";

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var port = new Uri(Address).Port.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("dotnet", [Repository.Built("LocalHost", "r1.dll"), "serve", "--data", data, "--port", port])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["R1_API_KEY"] = Key;
        process = Process.Start(start)!;
        process.StandardInput.Close();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var reader in new[] { process.StandardOutput, process.StandardError }) _ = CopyAsync(reader, ready);
        using var ended = new CancellationTokenSource(Limit);
        var first = await Task.WhenAny(ready.Task, process.WaitForExitAsync(ended.Token));
        if (first != ready.Task) throw new InvalidOperationException($"The host did not start: {Output}");
    }

    /// <summary>What it has said.</summary>
    public string Output
    {
        get { lock (output) return string.Join('\n', output); }
    }

    /// <summary>SIGKILL: no last words, neither from it nor from its storage.</summary>
    public async Task KillAsync()
    {
        process!.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    /// <summary>SIGKILL for a worker of a run.</summary>
    public async Task KillWorkerAsync(string run)
    {
        var view = await GetAsync($"/api/runs/{run}");
        var location = view.GetProperty("workers").GetProperty("workers").EnumerateArray().First().GetProperty("location").GetString()!;
        Process.GetProcessById(int.Parse(location["pid ".Length..], CultureInfo.InvariantCulture)).Kill();
    }

    /// <summary>Asks its API.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        http.DefaultRequestHeaders.Add("X-Api-Key", Key);
        return JsonDocument.Parse(await http.GetStringAsync(Address + path)).RootElement;
    }

    /// <summary>Gives its API something.</summary>
    public async Task PostAsync(string path, string body)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        http.DefaultRequestHeaders.Add("X-Api-Key", Key);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(Address + path, content);
        if (!response.IsSuccessStatusCode) throw new InvalidOperationException(await response.Content.ReadAsStringAsync());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await KillAsync();
        process?.Dispose();
    }

    private async Task CopyAsync(StreamReader reader, TaskCompletionSource ready)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (output) output.Add(line);
            if (line.Contains("r1 serves at", StringComparison.Ordinal)) ready.TrySetResult();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
