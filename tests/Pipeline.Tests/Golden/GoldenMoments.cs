using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Tests.Golden;

/// <summary>Moments in a run's life at which its state is kept.</summary>
/// <param name="Name">The moment.</param>
/// <param name="Recipe">The run's recipe.</param>
/// <param name="At">The job that its worker is at.</param>
internal sealed record GoldenMoment(string Name, string Recipe, string At)
{
    /// <summary>The run's id.</summary>
    public const string Run = "golden";

    /// <summary>What goes wrong with the job.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the run is paused then.</summary>
    public bool Paused { get; init; }

    /// <summary>Which blobs the file may do without, to be small.</summary>
    public Func<string, bool> Spared { get; init; } = _ => false;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<GoldenMoment> All { get; } =
    [
        new("import", AllKinds, "published/000000/import/0"),
        new("rollout", AllKinds, "rl/000000/rollout/1") { Paused = true },
        new("gradient", AllKinds, "rl/000001/gradient-1/1"),
        new("update", AllKinds, "rl/000002/update/0"),
        new("sample", AllKinds, "picked/000000/sample/1"),
        new("students", AllKinds, "distill/half/000006/final-evaluate/0"),
        new("failed", AllKinds, "rl/000001/update/0") { Error = "the loss is not a number" },
        new("completed", AllKinds,
            "") { Spared = path =>
                path.Contains("/jobs/", StringComparison.Ordinal) && !path.Contains("/final-evaluate/", StringComparison.Ordinal) },
        new("long", Long,
            "r1-zero/000021/update/0") { Spared = path =>
                path.Contains("/jobs/r1-zero/00000", StringComparison.Ordinal)
                || path.Contains("/jobs/r1-zero/00001", StringComparison.Ordinal) },
    ];

    // A stage of every kind, in as many ways as there is room for.
    private const string AllKinds = """
        {
          "name": "golden",
          "tasks": {
            "addition": { "kind": "arithmetic" },
            "pairs": { "kind": "dataset", "files": ["blob:pairs.jsonl"], "layout": "preferences" }
          },
          "evaluation": { "problems": 8, "samples": 2, "benchmarks": { "addition": {}, "again": { "task": "addition", "problems": 4 } } },
          "stages": {
            "published": { "kind": "import", "path": "blob:models/tiny" },
            "base": { "kind": "pretrain", "task": "addition", "steps": 3, "saveEvery": 3, "optimizer": { "learningRate": 1e-3, "warmupSteps": 2 } },
            "helpful": { "kind": "reward-model", "from": "base", "task": "pairs", "rows": 30, "epochs": 1, "batchSize": 16, "heldOut": 8 },
            "rl": {
              "kind": "rl", "from": "base", "task": "addition", "iterations": 3, "questions": 4, "groupSize": 2, "miniBatches": 2, "shards": 2, "updateShards": 2, "staleness": 1,
              "evaluateEvery": 2, "loss": { "klWeight": 0.01 }, "rewards": { "accuracy/exact": 1, "helpful/model": { "options": { "stage": "helpful" } } }
            },
            "collect": {
              "kind": "collect", "from": "rl", "task": "addition", "questions": 5, "samples": 2, "shards": 2, "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }
            },
            "dev": { "kind": "sft", "from": "base", "data": ["collect"], "batchSize": 4 },
            "picked": {
              "kind": "rejection-sample", "from": "dev", "task": "addition", "questions": 7, "samples": 2, "shards": 2, "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }
            },
            "distill": {
              "kind": "distill", "data": ["picked"], "epochs": 3, "batchSize": 4,
              "students": { "half": { "from": "base", "learningRate": 1e-3 }, "tiny": { "from": "published", "epochs": 2 } }
            },
            "exam": { "kind": "evaluate", "from": "distill/half", "evaluation": { "task": "addition", "problems": 2, "samples": 2 } }
          }
        }
        """;

    // A stage with more iterations than one history holds.
    private static string Long => TestRecipes.Json("golden", iterations: 23, evaluation: "", rl: "\"keepEvery\": 10,");

    // Nothing reads them again, and some are not text.
    private static string[] AlwaysSpared => ["/events.out.", "/report/"];

    /// <summary>The file of a version's state at this moment.</summary>
    public string File(string version) =>
        Path.Combine(Testing.Repository.PathOf("tests", "Pipeline.Tests", "Golden"), version, Name + ".jsonl.gz");

    /// <summary>Lets a run come to this moment and takes its state.</summary>
    public async Task<GoldenState> ReachAsync()
    {
        await using var host = new PipelineHost();
        var reached = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        await PrepareAsync(host);
        host.Pool.OnJob = async job =>
        {
            if (job.JobId != At) return;
            if (Error is not null) throw new BadInputException(Error);
            reached.TrySetResult();
            await never.Task;
        };
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe), Run, null);
        if (Error is not null) await host.WaitAsync(Run, RunStatus.Failed);
        else if (At.Length == 0) await host.WaitAsync(Run, RunStatus.Completed);
        else await reached.Task.WaitAsync(TimeSpan.FromMinutes(30));
        if (Paused) await host.Engine.SuspendAsync(Run, null);
        await Task.Delay(1000); // What goes on beside the job comes to rest.
        var view = await host.Runs.GetAsync(Run);
        await host.Engine.StopAsync(CancellationToken.None);
        var state = await GoldenState.CaptureAsync(host, view,
            path => !Spared(path) && !AlwaysSpared.Any(part => path.Contains(part, StringComparison.Ordinal)));
        never.SetResult();
        return state;
    }

    // Puts the inputs that the recipe names into storage.
    private static async Task PrepareAsync(PipelineHost host)
    {
        await host.Blobs.WriteAsync("pairs.jsonl", new BinaryData("{}"));
        await host.Blobs.WriteAsync("models/tiny/config.json", new BinaryData("{}"));
    }
}
