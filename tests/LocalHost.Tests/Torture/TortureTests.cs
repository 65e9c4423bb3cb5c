using R1Cloud.LocalHost.Torture;
using R1Cloud.LocalHost.WorkerProcesses;

namespace R1Cloud.LocalHost.Tests.Torture;

/// <summary>Runs under a nemesis and over storage that misbehaves; a small share of what <c>r1 torture</c> does.</summary>
public sealed class TortureTests : IDisposable
{
    private const string Recipe = """
        {
          "name": "tortured", "seed": 5,
          "tasks": { "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 } },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 60, "batchSize": 16, "saveEvery": 20,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.5, "guesses": 0.5 }, "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "rl": {
              "kind": "rl", "from": "base", "task": "addition", "iterations": 4, "questions": 16, "groupSize": 4, "miniBatches": 2,
              "updateShards": 2, "shards": 2, "sampling": { "maxNewTokens": 24 },
              "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 }, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "addition", "problems": 8, "samples": 1, "sampling": { "maxNewTokens": 24 } },
          "jobs": { "maxLost": 1000, "maxAttempts": 100, "heartbeatTimeoutSeconds": 5 },
          "workers": { "count": 2, "threads": 1, "device": "cpu" }
        }
        """;

    private readonly TestFolder folder = new();
    private readonly HashSet<string> killed = new(StringComparer.Ordinal);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Torture_KillsAndFaults_EndsWithTheSameBits()
    {
        var report = await TortureAsync(Recipe, new() { Kills = 2, Faults = 60 });
        report.Rounds.SelectMany(round => round.Differences).ShouldBeEmpty();
        report.IsSame.ShouldBeTrue();
        report.Strikes.Count().ShouldBe(2);
        report.Faults.Values.Sum().ShouldBe(60);
        report.Compared.ShouldBeGreaterThan(30);
    }

    [Fact]
    public async Task Torture_OfAJobThatAlwaysDies_EndsByTheDefaults()
    {
        var recipe = Recipe.Replace("\"maxLost\": 1000, \"maxAttempts\": 100, ", "", StringComparison.Ordinal);
        recipe.ShouldNotBe(Recipe);
        var report = await TortureAsync(recipe, new() { Kills = 100, Spacing = 0,
            Nemeses = [new("kill whoever works", KillWhoeverWorksAsync)] });
        report.IsSame.ShouldBeFalse();
        var round = report.Rounds.ShouldHaveSingleItem();
        round.Differences.ShouldHaveSingleItem().ShouldContain("allowed by jobs.maxLost: 8");
        round.Strikes.Count(strike => strike.Phases.Contains("pretrain")).ShouldBe(9);
    }

    private async Task<IReadOnlyCollection<string>?> KillWhoeverWorksAsync(Victim victim, NemesisOptions options, double draw)
    {
        var workers = await victim.WorkersAsync();
        var busy = victim.Activity.Running.Where(attempt => workers.ContainsKey(attempt.Key) && killed.Add(attempt.Value.Name)).ToList();
        if (busy.Count == 0) return null;
        ProcessSignals.Kill([.. busy.Select(attempt => workers[attempt.Key])]);
        return [.. busy.Select(attempt => attempt.Key)];
    }

    private Task<TortureReport> TortureAsync(string recipe, Plan plan) => new Torturer(new TortureOptions
    {
        Program = ["dotnet", R1Process.Dll], Arguments = [folder.Write("recipe.json", recipe)], Folder = folder["runs"],
        Azurite = Path.Combine(Repository.Root, "eng", "azurite"), Kills = plan.Kills, Faults = plan.Faults, Seed = 3,
        Freeze = TimeSpan.FromSeconds(8), Spacing = plan.Spacing, Nemeses = plan.Nemeses, Keep = true,
    }, TimeProvider.System, text => TestContext.Current.TestOutputHelper?.WriteLine(text)).RunAsync(TestContext.Current.CancellationToken);

    private sealed record Plan
    {
        public required int Kills { get; init; }
        public int Faults { get; init; }
        public double Spacing { get; init; } = 3;
        public IReadOnlyList<Nemesis> Nemeses { get; init; } = Nemesis.All;
    }
}
