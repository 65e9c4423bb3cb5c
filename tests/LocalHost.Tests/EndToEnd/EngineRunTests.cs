using System.Diagnostics;
using System.Text.Json;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>
/// Runs whose rollouts and evaluations an engine beside the worker samples: a process that answers as a real one was recorded.
/// </summary>
public sealed class EngineRunTests : IDisposable
{
    private readonly TestFolder folder = new();
    private string faults = "";

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_WithVllmWhoseProcessIsKilled_SamplesWithTheWeightsOfEachIteration()
    {
        var run = Run("vllm");
        run.Start();
        await run.ReachAsync("r1-zero/000003/rollout/0: attempt");
        foreach (var id in Engines()) Process.GetProcessById(id).Kill();
        (await run.EndAsync()).ShouldBe(0, run.Output + run.WorkerLogs());

        ShouldAgree(run);
        Engines().ShouldBeEmpty("no engine outlives its worker");
    }

    [Fact]
    public async Task Up_WithVllmAndAnAdapterAndAKilledWorker_EndsWithItsEngine()
    {
        var run = Run("vllm", "--set", "stages.r1-zero.iterations=4", "--set", "stages.r1-zero.optimizer.lora={\"rank\":4}");
        run.Start();
        await run.ReachAsync("r1-zero/000002/rollout/0: attempt");
        await run.KillWorkerAsync();
        (await run.EndAsync()).ShouldBe(0, run.Output + run.WorkerLogs());

        ShouldAgree(run);
        await Eventually.BeTrueAsync(() => Engines().Count == 0, "the killed worker's engine goes with it");
    }

    [Fact]
    public async Task Up_WithSglangAndAnAdapterAndKilledProcesses_SamplesWithTheWeightsOfEachIteration()
    {
        var run = Run("sglang", "--set", "stages.r1-zero.iterations=5", "--set", "stages.r1-zero.optimizer.lora={\"rank\":4}");
        run.Start();
        await run.ReachAsync("r1-zero/000002/rollout/0: attempt");
        foreach (var id in Engines()) Process.GetProcessById(id).Kill();
        await run.ReachAsync("r1-zero/000003/rollout/0: attempt");
        await run.KillWorkerAsync();
        (await run.EndAsync()).ShouldBe(0, run.Output + run.WorkerLogs());

        ShouldAgree(run);
        await Eventually.BeTrueAsync(() => Engines().Count == 0, "the killed worker's engine goes with it");
    }

    // Its weights are the right ones, so that they are proven; what it tells of what it draws is not what the trainer computes.
    [Fact]
    public async Task Up_WithAnEngineWhoseLogProbabilitiesAreBiased_MeasuresAndCorrectsTheDifference()
    {
        faults = """{"bias":0.3}""";
        var run = Run("sglang", "--set", "stages.r1-zero.iterations=2");
        run.Start();
        (await run.EndAsync()).ShouldBe(0, run.Output + run.WorkerLogs());

        var metrics = Metrics(run);
        metrics.GetProperty("sampling/sampling_logp_difference/mean").GetDouble().ShouldBe(0.3, 0.001);
        metrics.GetProperty("sampling/missing_ratio").GetDouble().ShouldBe(0);
        // perplexities differ by e^0.3
        (metrics.GetProperty("sampling/ppl/trainer").GetDouble() / metrics.GetProperty("sampling/ppl/sampler").GetDouble())
            .ShouldBe(Math.Exp(0.3), 0.05);
    }

    // Servers that others started, with the model of another run: a worker gives them its own weights.
    [Fact]
    public async Task Up_AttachedToTwoServersOfWhichOneDies_SamplesByTheOther()
    {
        var earlier = new MiniRun(folder, "earlier", "--set", "stages.r1-zero.iterations=1");
        earlier.Start();
        (await earlier.EndAsync()).ShouldBe(0, earlier.Output);
        var model = Path.Combine(earlier.Data, "runs", earlier.RunId, "model");
        using var first = await ServeAsync(model);
        using var second = await ServeAsync(model);

        var run = new MiniRun(folder, "run", "--set", "engine=vllm", "--set", "stages.r1-zero.iterations=5", "--seed", "7")
        {
            Variables = new() { ["R1_ENGINE_SERVERS"] = $"{first.Address},{second.Address}" },
        };
        run.Start();
        await run.ReachAsync("r1-zero/000002/rollout/0: attempt");
        first.Process.Kill();
        (await run.EndAsync()).ShouldBe(0, run.Output + run.WorkerLogs());
        ShouldAgree(run);
    }

    private sealed record Server(Process Process, string Address) : IDisposable
    {
        public void Dispose()
        {
            if (!Process.HasExited) Process.Kill();
            Process.Dispose();
        }
    }

    private async Task<Server> ServeAsync(string model)
    {
        var process = R1Process.Start("dotnet", [StandInEngine.Program, "serve", model, "--host", "127.0.0.1", "--port", "0",
            "--served-model-name", "policy", "--mark", folder.Root], folder.Root, []);
        const string ready = "ready on ";
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(ready, StringComparison.Ordinal)) return new(process, line[ready.Length..]);
        }
        throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
    }

    private MiniRun Run(string engine, params string[] settings)
    {
        var script = StandInEngine.Script(folder, engine, faults);
        return new MiniRun(folder, "run", ["--set", $"engine={engine}", .. settings])
        {
            Variables = new() { ["R1_ENGINE_COMMAND"] = script, ["R1_ENGINE_TYPE"] = "float32" },
        };
    }

    // The engine tells of each token what the trainer computes for it: with any other weights it would not.
    private static void ShouldAgree(MiniRun run)
    {
        var last = Metrics(run);
        last.GetProperty("sampling/sampling_logp_difference/max").GetDouble().ShouldBeLessThan(1e-3);
        last.GetProperty("sampling/truncated_ratio").GetDouble().ShouldBe(0);
        run.WorkerLogs().ShouldContain("tensors proven by digest");
    }

    private static JsonElement Metrics(MiniRun run) => JsonDocument
            .Parse(File.ReadAllText(Path.Combine(run.Data, "runs", run.RunId, "report.json"))).RootElement
            .GetProperty("stages").EnumerateArray().Single(stage => stage.GetProperty("name").GetString() == "r1-zero")
            .GetProperty("metrics");

    private List<int> Engines() => StandInEngine.Running(folder);
}
