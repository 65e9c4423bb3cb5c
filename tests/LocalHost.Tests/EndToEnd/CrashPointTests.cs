using R1Cloud.LocalHost.Hosting;
using R1Cloud.LocalHost.Torture;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>
/// A process dies right before and right after each durable write that an undisturbed run comes to, once each; the run ends the same, in
/// all that it has committed.
/// </summary>
public sealed class CrashPointTests : IDisposable
{
    // Names the points that are gone through, by a part of their names; "all" is all of them.
    private const string Variable = "R1_TEST_CRASH_POINTS";

    private const string Recipe = """
        {
          "name": "points", "seed": 5,
          "tasks": { "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 } },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 40, "batchSize": 16, "saveEvery": 20,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.5, "guesses": 0.5 }, "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "collect": {
              "kind": "collect", "from": "base", "task": "addition", "questions": 4, "samples": 1,
              "sampling": { "maxNewTokens": 24 }, "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 0 }
            },
            "rl": {
              "kind": "rl", "from": "base", "task": "addition", "iterations": 2, "questions": 8, "groupSize": 4, "miniBatches": 2, "updateShards": 2,
              "curriculum": { "low": 0.01, "high": 0.99, "explore": 0.5 },
              "sampling": { "maxNewTokens": 24 }, "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 },
              "optimizer": { "learningRate": 1e-3 }
            },
            "more": {
              "kind": "rl", "from": "rl", "task": "addition", "iterations": 5, "questions": 8, "groupSize": 4, "miniBatches": 2, "keepStateEvery": 2,
              "sampling": { "maxNewTokens": 24 }, "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 },
              "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "addition", "problems": 8, "samples": 1, "sampling": { "maxNewTokens": 24 } },
          "jobs": { "heartbeatTimeoutSeconds": 2 },
          "workers": { "count": 1, "threads": 1, "device": "cpu" }
        }
        """;

    // That which every test run goes through.
    private static readonly string[] Few = ["checkpoint-manifest:before"];

    // Points to which a run comes only when it is disturbed, steered, or on Azure.
    private static readonly string[] Elsewhere =
    [
        "generation", "job-result-aside", // a retry
        "attempt-failed", "attempt-preempted", "attempt-abandoned", "attempt-refused", "job-resent",
        "idempotency-key", "pushed", // clients
        "worker-ledger", // Batch
        "fork", "claim", "claims-complete", // a fork, a removal
        "budget", // a recipe with one
        "alerts", "tracked", // a host that is configured so
    ];

    // Written every so often while a job lasts: a short one may end before.
    private static readonly string[] Timed = ["live-samples", "worker-resources", "job-progress", BlobPoints.JobRenewed];

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_KilledAtEachDurableWrite_EndsWithTheSameBits()
    {
        var calm = Run("calm", $"tell:{folder["points"]}");
        calm.Start();
        (await calm.EndAsync()).ShouldBe(0, calm.Output);
        var reached = (await File.ReadAllLinesAsync(folder["points"])).Distinct().Order(StringComparer.Ordinal).ToList();
        string[] named = [CrashPoints.EngineBatch, CrashPoints.EngineDecision, CrashPoints.EngineSchema, .. BlobPoints.All];
        reached.Select(point => named.Contains(point) ? point : point.Replace(BlobPoints.Removed, "", StringComparison.Ordinal))
            .ShouldBeSubsetOf(named);
        named.Except(reached).Except(Timed).ShouldBe(Elsewhere, ignoreOrder: true);

        var deaths = reached.SelectMany(point => new[] { point + ":before", point + ":after" });
        var contents = await ContentsAsync(calm);
        contents.ByPath.Count.ShouldBeGreaterThan(30);
        foreach (var death in Chosen([.. deaths])) await DieAsync(death, contents);
    }

    private static IEnumerable<string> Chosen(IReadOnlyList<string> deaths) => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => Few,
        "all" => deaths,
        var part => deaths.Where(death => death.Contains(part, StringComparison.Ordinal)),
    };

    private static async Task<RunContents> ContentsAsync(MiniRun run)
    {
        await using var storage = await LocalStorage.StartAsync(new(run.Data), Path.Combine(Repository.Root, "eng", "azurite"), default);
        return await RunContents.ReadAsync(storage.Blobs, default);
    }

    private async Task DieAsync(string death, RunContents calm)
    {
        var name = death.Replace(':', '-');
        var (died, run) = (folder[name + ".died"], Run(name, $"{death}:1:{folder[name + ".died"]}"));
        run.Start();
        // A worker is started again by its host; of a host that died the same command goes on.
        for (var starts = 1; await run.EndAsync() != 0; starts++)
        {
            (File.Exists(died) && starts < 5).ShouldBeTrue($"{death}: {run.Output}");
            await Task.Delay(500); // its storage is just leaving
            run = Run(name, $"{death}:1:{died}");
            run.Start();
        }
        File.Exists(died).ShouldBeTrue($"nobody came to {death}");
        calm.Differences(await ContentsAsync(run)).ShouldBeEmpty($"after a death at {death}");
        Directory.Delete(run.Data, recursive: true);
    }

    private MiniRun Run(string data, string crash) =>
        new(folder, data) { Json = Recipe, Variables = new() { [CrashPoints.Variable] = crash } };
}
