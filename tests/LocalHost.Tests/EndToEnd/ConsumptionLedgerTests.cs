using System.Globalization;
using System.Net.Http.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>
/// What a run has consumed, question by question and sample by sample: with two sources, dynamic sampling, staleness and a curriculum, all
/// together and each alone, a process that dies at any durable write of its iterations loses none and asks none twice.
/// </summary>
public sealed class ConsumptionLedgerTests : IDisposable
{
    // Names the deaths that are gone through, by a part of their names; "all" is all of them.
    private const string Variable = "R1_TEST_CRASH_POINTS";

    private const int Iterations = 5;

    private const string Sources = """
        "sources": {
          "sums": { "task": "addition", "share": 2, "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 } },
          "products": { "task": "product", "fromIteration": 1, "rewards": { "accuracy/exact": 0.5, "format/think-answer": 1 } }
        }
        """;

    private const string OneTask = """
        "task": "addition", "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 }
        """;

    private const string DynamicSampling = "\"dynamicSampling\": { \"maxRounds\": 2 }";
    private const string Staleness = "\"staleness\": 1";
    private const string Curriculum = "\"curriculum\": { \"low\": 0.01, \"high\": 0.99, \"explore\": 0.4 }";

    private const string Recipe = """
        {
          "name": "ledger", "seed": 5,
          "tasks": {
            "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 },
            "product": { "kind": "arithmetic", "digits": 1, "operation": "multiply", "heldOutPercent": 20 }
          },
          "stages": {
            "base": {
              "kind": "pretrain", "tasks": { "addition": 2, "product": 1 }, "steps": 60, "batchSize": 16, "saveEvery": 20,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.5, "guesses": 0.5 }, "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "rl": {
              "kind": "rl", "from": "base", "iterations": 5, "questions": 9, "groupSize": 4, "miniBatches": 2, "shards": 2, "updateShards": 2,
              FEATURES,
              "sampling": { "maxNewTokens": 24 }, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "jobs": { "heartbeatTimeoutSeconds": 2 },
          "workers": { "count": 2, "threads": 1, "device": "cpu" }
        }
        """;

    // Durable writes of an iteration: what is written, and the how many-th is within the iterations.
    private static readonly (string Point, int Time)[] Boundaries =
    [
        ("rollout", 9), ("pool", 2), ("gradient", 7), ("checkpoint-manifest", 4), ("checkpoint-file", 12), ("job-spec", 12),
        ("attempt-started", 12), ("job-result", 12), (BlobPoints.JobSent, 12), (BlobPoints.JobDone, 12), (BlobPoints.CompletionSent, 12),
        (BlobPoints.CompletionDone, 12), ("metrics", 2), (CrashPoints.EngineDecision, 40), (CrashPoints.EngineBatch, 60),
    ];

    // Those that every test run goes through: a pool that was drawn from, and is not written yet.
    private static readonly string[] Few = ["pool:before"];

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>What the runs have that changes which questions are asked, and whether every test run goes through it.</summary>
    public static TheoryData<string, string> Features
    {
        get
        {
            var features = new TheoryData<string, string>
            {
                { "all together", string.Join(", ", Sources, Staleness, DynamicSampling, Curriculum) },
            };
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable))) return features;
            features.Add("sources", Sources);
            features.Add("staleness", string.Join(", ", OneTask, Staleness));
            features.Add("dynamic sampling", string.Join(", ", OneTask, DynamicSampling));
            features.Add("curriculum", string.Join(", ", OneTask, Curriculum));
            return features;
        }
    }

    [Theory, MemberData(nameof(Features))]
    public async Task Up_KilledAtEachBoundary_ConsumesTheSameQuestionsAndSamples(string name, string features)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)),
            $"{Variable} names no deaths: each takes a minute.");
        var calm = await RunAsync("calm", features, death: null);
        var ledger = await LedgerAsync(calm);
        ledger.Select(entry => entry[..entry.IndexOf(' ', StringComparison.Ordinal)]).ShouldBeUnique("iteration/question/sample");
        if (features.Contains(DynamicSampling, StringComparison.Ordinal))
            ledger.Count.ShouldBeGreaterThan(Iterations * 9 * 4, "dynamic sampling asked for more");
        else ledger.Count.ShouldBe(Iterations * 9 * 4);
        ledger.Exists(entry => entry.Contains("products", StringComparison.Ordinal))
            .ShouldBe(features.Contains(Sources, StringComparison.Ordinal));
        ledger.ShouldContain(entry => entry.EndsWith("used", StringComparison.Ordinal));
        ledger.Exists(entry => entry.EndsWith("left out", StringComparison.Ordinal))
            .ShouldBe(features.Contains(DynamicSampling, StringComparison.Ordinal));

        var deaths = Chosen().Where(one => IsComeTo(one.Death, features)).ToList();
        deaths.ShouldNotBeEmpty();
        foreach (var (death, time) in deaths)
        {
            var rough = await RunAsync(death.Replace(':', '-'), features, $"{death}:{time}");
            (await LedgerAsync(rough)).ShouldBe(ledger, $"{name}, after a death at {death}, time {time}");
            rough.Weights().ShouldBe(calm.Weights());
            Directory.Delete(rough.Data, recursive: true);
        }
    }

    // A pool is kept for a curriculum alone.
    private static bool IsComeTo(string death, string features) =>
        !death.StartsWith("pool", StringComparison.Ordinal) || features.Contains(Curriculum, StringComparison.Ordinal);

    private static IEnumerable<(string Death, int Time)> Chosen()
    {
        var all = Boundaries.SelectMany(one => new[] { (one.Point + ":before", one.Time), (one.Point + ":after", one.Time) });
        return Environment.GetEnvironmentVariable(Variable) switch
        {
            null or "" => all.Where(one => Few.Contains(one.Item1)),
            "all" => all,
            var part => all.Where(one => one.Item1.Contains(part, StringComparison.Ordinal)),
        };
    }

    private async Task<MiniRun> RunAsync(string name, string features, string? death)
    {
        var died = folder[name + ".died"];
        MiniRun run;
        for (var starts = 1; ; starts++)
        {
            run = new(folder, name)
            {
                Json = Recipe.Replace("FEATURES", features, StringComparison.Ordinal),
                Variables = death is null ? [] : new() { [CrashPoints.Variable] = $"{death}:{died}" },
            };
            run.Start();
            if (await run.EndAsync() == 0) break;
            (File.Exists(died) && starts < 5).ShouldBeTrue($"{death}: {run.Output}");
            await Task.Delay(500); // its storage is just leaving
        }
        File.Exists(died).ShouldBe(death is not null, $"nobody came to {death}");
        return run;
    }

    // iteration/question/sample problem source used.
    private static Task<List<string>> LedgerAsync(MiniRun run) => run.AskAsync(async http =>
    {
        var entries = new List<string>();
        for (var iteration = 1; iteration <= Iterations; iteration++)
        {
            for (var after = (string?)"0"; after is not null;)
            {
                var page = await http.GetFromJsonAsync<SampleRows>(string.Create(CultureInfo.InvariantCulture,
                    $"/api/runs/{run.RunId}/samples/rows?stage=rl&source=rollout&iteration={iteration}&limit=200&after={after}"),
                    R1Json.Options);
                entries.AddRange(page!.Rows.Select(row => string.Create(CultureInfo.InvariantCulture,
                    $"{iteration}/{row.Question}/{row.Sample} {row.Problem} {row.Prompts} {(row.Used == true ? "used" : "left out")}")));
                after = page.Next;
            }
        }
        return entries;
    });
}
