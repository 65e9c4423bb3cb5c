using System.Text.Json;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>A reward model and the RL stage that it rewards, as one run of the real thing.</summary>
public sealed class RewardModelRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_RewardModelWithAKilledWorkerAndWithTwo_EndsWithTheSameWeights()
    {
        var recipe = Recipe(folder.Write("pairs.jsonl", Pairs()));
        var rough = new MiniRun(folder, "rough") { Json = recipe };
        rough.Start();
        await rough.ReachAsync("helpful/000000/reward-model/0: attempt");
        await rough.KillWorkerAsync();
        (await rough.EndAsync()).ShouldBe(0, rough.Output);

        var two = new MiniRun(folder, "two", "--workers", "2") { Json = recipe };
        two.Start();
        (await two.EndAsync()).ShouldBe(0, two.Output);

        two.Weights().ShouldBe(rough.Weights());
        var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(two.Data, "runs", two.RunId, "report.json"))).RootElement;
        var stages = report.GetProperty("stages").EnumerateArray().ToDictionary(stage => stage.GetProperty("name").GetString()!);
        stages["helpful"].GetProperty("metrics").GetProperty("held_out/accuracy").GetDouble().ShouldBeGreaterThan(0.8);
        stages["rl"].GetProperty("metrics").GetProperty("rewards/helpful/model/scored").GetDouble().ShouldBeGreaterThan(0);
        stages["rl"].GetProperty("metrics").GetProperty("rewards/helpful/model/error").GetDouble().ShouldBe(0);
    }

    // In the symbols of the arithmetic task: the better summary is short.
    private static string Pairs() => string.Join('\n', Enumerable.Range(0, 200).Select(number => JsonSerializer.Serialize(new
    {
        prompt = $"{number % 10}+{number / 10 % 10}=", chosen = $"<think>{number}</think><answer>{number % 7}</answer>", rejected = $"<think>{number}</think><answer>{number % 7}{number % 7}{number % 9}</answer>",
    })));

    private static string Recipe(string pairs) => $$"""
        {
          "name": "reward", "seed": 5,
          "tasks": {
            "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 },
            "pairs": { "kind": "dataset", "files": [{{JsonSerializer.Serialize(pairs)}}], "layout": "preferences", "heldOutPercent": 25 }
          },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 150, "batchSize": 16, "saveEvery": 50,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.3, "guesses": 0.5 },
              "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "helpful": {
              "kind": "reward-model", "from": "base", "task": "pairs", "rows": 96, "epochs": 4, "batchSize": 16, "heldOut": 16, "saveEvery": 6,
              "optimizer": { "learningRate": 3e-3, "warmupSteps": 2 }
            },
            "rl": {
              "kind": "rl", "from": "base", "task": "addition", "iterations": 2, "questions": 16, "groupSize": 4, "miniBatches": 2, "shards": 2,
              "sampling": { "maxNewTokens": 24 },
              "rewards": { "format/think-answer": 0.5, "helpful/model": { "options": { "stage": "helpful", "normalize": true } } },
              "optimizer": { "learningRate": 1e-4 }
            }
          },
          "evaluation": { "task": "addition", "problems": 16, "samples": 2, "sampling": { "temperature": 0.6, "maxNewTokens": 24 } },
          "workers": { "count": 1, "threads": 1, "device": "cpu" },
          "jobs": { "heartbeatTimeoutSeconds": 4 }
        }
        """;
}
