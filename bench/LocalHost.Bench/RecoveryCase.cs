using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Bench;

/// <summary>
/// How soon a job goes on whose worker was killed; and how soon after its start a host does whose predecessor was killed with all its
/// children.
/// </summary>
internal static class RecoveryCase
{
    private const string Recipe = """
        {
          "name": "recovery", "seed": 5,
          "tasks": { "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 } },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 900000, "batchSize": 16, "saveEvery": 20,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 }, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "workers": { "count": 1, "threads": 1, "device": "cpu" }, "jobs": { "heartbeatTimeoutSeconds": 600 }
        }
        """;

    public static async Task<object> RunAsync(BenchStorage storage) =>
        new { workerSeconds = Math.Round(await WorkerAsync(storage), 2), hostSeconds = Math.Round(await HostAsync(storage), 2) };

    private static async Task<double> WorkerAsync(BenchStorage storage)
    {
        const string run = "bench-recovery";
        var (queue, blobs) = (storage.Connection.Queue(BlobLayout.JobQueue(run)), storage.Connection.Blobs);
        await queue.EnsureCreatedAsync();
        var spec = new JobSpec { RunId = run, JobId = "s/000000/noop/0", Payload = new NoopJob { Milliseconds = 3_600_000 },
            Retry = new() { HeartbeatTimeoutSeconds = 600 } };
        await blobs.WriteJsonAsync(BlobLayout.JobSpec(run, spec.JobId), spec);
        await queue.SendAsync(JsonSerializer.Serialize(new JobMessage(run, spec.JobId), R1Json.Options));
        await using var pool = new ProcessWorkerPool(new WorkerPoolOptions
        {
            Command = WorkerCommand.Find(null, AppContext.BaseDirectory), Storage = storage.ConnectionString,
                Grace = TimeSpan.FromSeconds(2),
            LogFile = (_, worker) => Path.Combine(storage.Folder, worker + ".recovery.log"),
                LeaseFile = (_, worker) => Path.Combine(storage.Folder, worker + ".lease"),
        }, TimeProvider.System, NullLogger<ProcessWorkerPool>.Instance);
        await pool.EnsureAsync(run, new WorkersRecipe { Count = 1, Device = "cpu" });
        await UntilAsync(async () => await AttemptsAsync() == 1);
        var process =
            int.Parse((await pool.GetAsync(run)).Workers[0].Location.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        using (var worker = Process.GetProcessById(process)) worker.Kill();
        return await SecondsAsync(async () => await AttemptsAsync() == 2);

        async Task<int> AttemptsAsync()
        {
            var begun = 0;
            await foreach (var blob in blobs.ListAsync(BlobLayout.Job(run, spec.JobId) + "attempts/"))
                begun += blob.Path.EndsWith(BlobLayout.StartedFile, StringComparison.Ordinal) ? 1 : 0;
            return begun;
        }
    }

    private static async Task<double> HostAsync(BenchStorage storage)
    {
        var recipe = Path.Combine(storage.Folder, "recovery.json");
        await File.WriteAllTextAsync(recipe, Recipe);
        var data = Path.Combine(storage.Folder, "host");
        using (var host = Start(recipe, data))
        {
            await UntilAsync(() => Task.FromResult(Attempts(data) == 1));
            await Task.Delay(TimeSpan.FromSeconds(2)); // storage is to have written down what it acknowledged
            host.Kill(entireProcessTree: true);
            await host.WaitForExitAsync();
        }
        using var next = Start(recipe, data);
        var seconds = await SecondsAsync(() => Task.FromResult(Attempts(data) == 2));
        next.Kill(entireProcessTree: true);
        await next.WaitForExitAsync();
        return seconds;
    }

    private static Process Start(string recipe, string data)
    {
        var folder = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var program = Path.GetFullPath(Path.Combine(folder, "..", "..", "LocalHost", Path.GetFileName(folder), "r1.dll"));
        var start = new ProcessStartInfo("dotnet",
            [program, "up", recipe, "--data", data, "--port", "0", "--plain"]) { RedirectStandardInput = true,
                RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        _ = process.StandardOutput.ReadToEndAsync();
        return process;
    }

    private static int Attempts(string data)
    {
        var logs = Path.Combine(data, "logs");
        return !Directory.Exists(logs) ? 0 : Directory.GetFiles(logs, "worker-0.log", SearchOption.AllDirectories).Sum(file =>
        {
            using var reader = new StreamReader(
                new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadToEnd().Split(": attempt ").Length - 1;
        });
    }

    private static async Task<double> SecondsAsync(Func<Task<bool>> condition)
    {
        var start = Stopwatch.GetTimestamp();
        await UntilAsync(condition);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var start = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(20))
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(2))
                throw new TimeoutException("It did not come to it within two minutes.");
        }
    }
}
