using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>A run of the real thing (host, Azurite, worker process, TorchSharp) on a recipe of a few seconds.</summary>
internal sealed partial class MiniRun(TestFolder folder, string data, params string[] settings)
{
    /// <summary>R1-Zero in small.</summary>
    public const string R1Zero = """
        {
          "extends": "r1-zero", "name": "mini", "seed": 5,
          "tasks": { "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 } },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 60, "batchSize": 16, "saveEvery": 20,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.5, "guesses": 0.5 },
              "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "r1-zero": {
              "from": "base", "task": "addition", "iterations": 10, "questions": 16, "groupSize": 4, "miniBatches": 2,
              "sampling": { "maxNewTokens": 24 }, "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 },
              "loss": { "klWeight": 0.01 }, "referenceEvery": 5, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "addition", "problems": 16, "samples": 2, "sampling": { "temperature": 0.6, "maxNewTokens": 24 } },
          "workers": { "count": 1, "threads": 1, "device": "cpu" }
        }
        """;

    /// <summary>RL with two prompt sources, one of which joins in late, and dynamic sampling.</summary>
    public const string Sources = """
        {
          "name": "sources", "seed": 5,
          "tasks": {
            "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 },
            "product": { "kind": "arithmetic", "digits": 1, "operation": "multiply", "heldOutPercent": 20 }
          },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 60, "batchSize": 16, "saveEvery": 20,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.5, "guesses": 0.5 },
              "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "rl": {
              "kind": "rl", "from": "base", "iterations": 4, "questions": 12, "groupSize": 4, "miniBatches": 2, "dynamicSampling": { "maxRounds": 4 },
              "sources": {
                "sums": { "task": "addition", "share": 2, "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 } },
                "products": { "task": "product", "fromIteration": 2, "rewards": { "format/think-answer": 1 } }
              },
              "sampling": { "maxNewTokens": 24 }, "loss": { "advantageBaseline": "leave-one-out", "advantageScale": "none" }, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "addition", "problems": 16, "samples": 2, "sampling": { "temperature": 0.6, "maxNewTokens": 24 } },
          "workers": { "count": 1, "threads": 1, "device": "cpu" }
        }
        """;

    private readonly List<string> output = [];
    private Process? process;

    /// <summary>The recipe, when it is not R1-Zero in small.</summary>
    public string Json { get; init; } = R1Zero;

    /// <summary>A recipe's file, in place of the recipe.</summary>
    public string? File { get; init; }

    /// <summary>Environment variables.</summary>
    public Dictionary<string, string?> Variables { get; init; } = [];

    public string Data => folder[data];

    public string Output
    {
        get { lock (output) return string.Join('\n', output); }
    }

    /// <summary>Gives the command that starts the run, or goes on with it.</summary>
    public void Start(params string[] more)
    {
        var recipe = File ?? folder.Write("mini.json", Json);
        process = R1Process.Start("dotnet", [R1Process.Dll, "up", recipe, "--data", Data, "--port", "0", "--plain", .. settings, .. more],
            folder.Root, Variables);
        process.StandardInput.Close();
        foreach (var reader in new[] { process.StandardOutput, process.StandardError }) _ = CopyAsync(reader);
    }

    /// <summary>Asks a host of this folder something, once the run has ended and its own is gone.</summary>
    public async Task<T> AskAsync<T>(Func<HttpClient, Task<T>> ask)
    {
        var settings = System.IO.Path.Combine(Data, "host.json");
        System.IO.File.Delete(settings);
        using var host = R1Process.Start("dotnet", [R1Process.Dll, "serve", "--data", Data, "--port", "0"], folder.Root, []);
        host.StandardInput.Close();
        foreach (var reader in new[] { host.StandardOutput, host.StandardError }) _ = CopyAsync(reader);
        try
        {
            // It is there once the host has begun, and names an address once that can be asked.
            await Eventually.BeTrueAsync(() =>
                (System.IO.File.Exists(settings) && Read(settings).Contains("\"key\"", StringComparison.Ordinal))
                || (host.HasExited ? throw new InvalidOperationException(Output) : false), "the host; " + Output);
            using var http = Client();
            return await ask(http);
        }
        finally
        {
            host.Kill(entireProcessTree: true);
            await host.WaitForExitAsync();
        }
    }

    /// <summary>Waits until a worker's log tells of a job.</summary>
    public Task ReachAsync(string job) =>
        Eventually.BeTrueAsync(() => Failed() || WorkerLogs().Contains(job, StringComparison.Ordinal), $"job {job}; {Output}");

    /// <summary>SIGKILL for the worker process: no last words.</summary>
    public async Task KillWorkerAsync()
    {
        using var http = Client();
        var runs = await http.GetStringAsync($"/api/runs/{RunId}");
        var pid = int.Parse(PidPattern().Match(runs).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Process.GetProcessById(pid).Kill();
    }

    /// <summary>A client of the host's, with its key.</summary>
    public HttpClient Client()
    {
        var host = JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(Data, "host.json"))).RootElement;
        var http = new HttpClient { BaseAddress = new(host.GetProperty("url").GetString()!) };
        http.DefaultRequestHeaders.Add("X-Api-Key", host.GetProperty("key").GetString());
        return http;
    }

    /// <summary>SIGKILL for the host: orchestrator, API and engine at once.</summary>
    public void KillHost()
    {
        process!.Kill();
        process.WaitForExit();
    }

    /// <summary>SIGKILL for everything at once, storage included: what a power cut is to the processes.</summary>
    public void KillAll()
    {
        process!.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    /// <summary>Waits for the end.</summary>
    public async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(30));
        try
        {
            await process!.WaitForExitAsync(limit.Token);
            return process.ExitCode;
        }
        finally
        {
            if (!process!.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    public string RunId => Path.GetFileName(Directory.GetDirectories(Path.Combine(Data, "logs")).Single());

    /// <summary>The hash of a copied model's weights.</summary>
    public string Weights(string model = "model") =>
        Convert.ToHexStringLower(SHA256.HashData(System.IO.File.ReadAllBytes(Path.Combine(Data, "runs", RunId, model,
            "model.safetensors"))));

    public string WorkerLogs()
    {
        var logs = Path.Combine(Data, "logs");
        return Directory.Exists(logs)
            ? string.Concat(Directory.GetFiles(logs, "worker-*.log", SearchOption.AllDirectories).Select(Read)) : "";
    }

    private bool Failed() =>
        process!.HasExited ? throw new InvalidOperationException($"It ended with {process.ExitCode}: {Output}") : false;

    private static string Read(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }

    private async Task CopyAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (output) output.Add(line);
        }
    }

    [GeneratedRegex("pid (\\d+)")]
    private static partial Regex PidPattern();
}
