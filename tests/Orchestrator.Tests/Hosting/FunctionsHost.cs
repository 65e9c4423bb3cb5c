using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Orchestrator.Tests.Durable;
using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// The part of the Functions host that the app's own process meets: it starts the built app as a child with the host's arguments, asks for
/// its functions, loads and invokes them. Durable Task's side of the host is the side-car.
/// </summary>
internal sealed class FunctionsHost : IAsyncDisposable
{
    private static readonly string AppFolder = Path.GetDirectoryName(Repository.Built("Orchestrator", "host.json"))!;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private readonly FunctionsRpc rpc;
    private readonly Sidecar sidecar;
    private readonly Process process;
    private readonly Task<string> output;

    private FunctionsHost(FunctionsRpc rpc, Sidecar sidecar, Process process)
    {
        (this.rpc, this.sidecar, this.process) = (rpc, sidecar, process);
        output = ReadAllAsync(process);
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    /// <summary>What the app logged.</summary>
    public IEnumerable<string> Log => rpc.Log;

    /// <summary>
    /// Whether the app's process runs, what it wrote when it ended, and the last that it logged: for the message of a failure.
    /// </summary>
    public async Task<string> DescribeAsync()
    {
        // A process that dies closes its connections before its end is seen.
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(2)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var state = process.HasExited ? $"The app ended with exit code {process.ExitCode}: {await output}" : "The app's process runs.";
        return $"{state}\n{string.Join('\n', Log.TakeLast(50))}";
    }

    /// <summary>What the worker says it can do.</summary>
    public JsonObject Capabilities { get; private set; } = [];

    /// <summary>The app's functions as it declares them: bindings by function, in the form of function.json.</summary>
    public IReadOnlyDictionary<string, JsonObject[]> Functions { get; private set; } = new Dictionary<string, JsonObject[]>();

    /// <summary>Requests to the HTTP triggers, with a key.</summary>
    public HttpClient? Client { get; private set; }

    /// <summary>Requests of somebody who has no key.</summary>
    public HttpClient? Stranger { get; private set; }

    /// <summary>The triggers of Durable Task.</summary>
    public DurableTriggers? Durable { get; private set; }

    /// <summary>Starts the app.</summary>
    /// <param name="settings">Its settings, besides those that the host makes itself.</param>
    /// <param name="backEnd">Where Durable Task keeps its state; memory when null.</param>
    /// <exception cref="InvalidOperationException">It ended, or refused to load a function: with what it said.</exception>
    public static async Task<FunctionsHost> StartAsync(IReadOnlyDictionary<string, string> settings, IDurableBackEnd? backEnd = null)
    {
        var rpc = new FunctionsRpc();
        var sidecar =
            await Sidecar.StartAsync(backEnd ?? new MemoryBackEnd(), services => services.AddSingleton(rpc),
                app => app.MapGrpcService<FunctionsRpc>());
        var host = new FunctionsHost(rpc, sidecar, Start(sidecar.Address, settings));
        try
        {
            await host.LoadAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Invokes a function.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="trigger">The value of its trigger, as the worker's typed data.</param>
    /// <param name="metadata">What the trigger tells besides.</param>
    /// <param name="id">The invocation's id.</param>
    /// <returns>Its result, if any.</returns>
    /// <exception cref="FunctionFailedException">It failed.</exception>
    public async Task<JsonNode?> InvokeAsync(string name, JsonObject trigger, JsonObject? metadata = null, string? id = null)
    {
        var inputs = Functions[name].Select(binding => new JsonObject
        {
            ["name"] = binding["name"]!.ToString(),
            ["data"] = binding["type"]!.ToString() == "durableClient" ? DurableTriggers.Client(sidecar.Address) : trigger.DeepClone(),
        });
        var response = await rpc.AskAsync("invocationRequest", new JsonObject
        {
            ["invocationId"] = id ?? Guid.NewGuid().ToString(),
            ["functionId"] = name,
            ["inputData"] = new JsonArray([.. inputs]),
            ["triggerMetadata"] = metadata ?? [],
            ["traceContext"] = new JsonObject(),
        }, "invocationResponse");
        return Succeeded(response)
            ? response["returnValue"]
            : throw new FunctionFailedException(name, $"{response["result"]!["exception"]?["message"] ?? response}");
    }

    /// <summary>Asks the app to end; kills it when it does not.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        try
        {
            if (!process.HasExited && rpc.Started.IsCompletedSuccessfully) await rpc.TellAsync("workerTerminate", []);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            // It is just ending by itself.
        }
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        Stranger?.Dispose();
        if (Durable is not null) await Durable.DisposeAsync();
        await StopAsync();
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        await sidecar.DisposeAsync();
        process.Dispose();
    }

    // A worker outlives a host that does not end it.
    private void Kill(object? sender, EventArgs e) => process.Kill();

    private static Process Start(string address, IReadOnlyDictionary<string, string> settings)
    {
        var uri = new Uri(address);
        var start = new ProcessStartInfo("dotnet", [
            "R1Cloud.Orchestrator.dll",
            "--host", uri.Host, "--port", $"{uri.Port}", "--workerId", "worker-1", "--requestId", "request-1", "--grpcMaxMessageLength",
                "2147483647",
            "--functions-uri", address, "--functions-worker-id", "worker-1", "--functions-request-id", "request-1",
                "--functions-grpc-max-message-length", "2147483647",
        ])
        {
            WorkingDirectory = AppFolder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("R1_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = start.Environment["FUNCTIONS_WORKER_DIRECTORY"] = AppFolder;
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    // What the host does before the first invocation.
    private async Task LoadAsync()
    {
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(rpc.Started, ended).WaitAsync(Patience) == ended)
            throw new InvalidOperationException($"The app ended with exit code {process.ExitCode}: {await output}");

        var init = await rpc.AskAsync("workerInitRequest",
            new() { ["hostVersion"] = "4.0.0", ["workerDirectory"] = AppFolder, ["functionAppDirectory"] = AppFolder },
            "workerInitResponse");
        Capabilities = init["capabilities"]!.AsObject();
        var metadata =
            await rpc.AskAsync("functionsMetadataRequest", new() { ["functionAppDirectory"] = AppFolder }, "functionMetadataResponse");
        if (!Succeeded(metadata)) throw new InvalidOperationException($"The app does not tell its functions: {metadata["result"]}");
        var functions = metadata["functionMetadataResults"]!.AsArray().Select(function => function!.AsObject()).ToArray();
        foreach (var function in functions)
        {
            // The host has ids of its own; a function's name will do.
            var load = await rpc.AskAsync("functionLoadRequest",
                new() { ["functionId"] = function["name"]!.ToString(), ["metadata"] = function.DeepClone() }, "functionLoadResponse");
            if (!Succeeded(load)) throw new InvalidOperationException($"Function '{function["name"]}' does not load: {load["result"]}");
        }
        Functions = functions.ToDictionary(
            function => function["name"]!.ToString(),
            function => function["rawBindings"]!.AsArray().Select(binding => JsonSerializer.Deserialize<JsonObject>(binding!.ToString())!)
                .ToArray());
        // The worker answers before its HTTP server listens; the host then tries requests again.
        for (var watch =
            Stopwatch.StartNew(); !rpc.Log.Any(line =>
                line.Contains("Application started", StringComparison.Ordinal)); await Task.Delay(10))
        {
            if (watch.Elapsed > Patience) throw new TimeoutException($"The app did not start: {string.Join('\n', rpc.Log)}");
        }
        Stranger = new HttpClient(new HttpTriggers(this)) { BaseAddress = new Uri("http://app.test"), Timeout = Patience };
        Client = new HttpClient(new HttpTriggers(this)) { BaseAddress = new Uri("http://app.test"), Timeout = Patience };
        Client.DefaultRequestHeaders.Add(HostRoute.KeyHeader, "key");
        Durable = new DurableTriggers(this, sidecar.Address);
    }

    private static bool Succeeded(JsonObject response) => response["result"]?["status"]?.ToString() == "Success";

    private static async Task<string> ReadAllAsync(Process process)
    {
        var texts = await Task.WhenAll(process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        return string.Join('\n', texts);
    }
}

/// <summary>An invocation failed.</summary>
internal sealed class FunctionFailedException(string function, string message) : Exception($"Function '{function}' failed: {message}")
{
    /// <summary>Durable Task's failure details, which an activity's message is.</summary>
    public string? Details => message.StartsWith('{') ? message.Split('\n')[0] : null;
}
