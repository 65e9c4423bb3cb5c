namespace R1Cloud.Web.Tests.Browser;

/// <summary>Recipes of seconds.</summary>
internal static class SmallRecipes
{
    /// <summary>R1-Zero in small.</summary>
    public static string Of(string name, int iterations, int seed = 5) => $$"""
        {
          "name": "{{name}}", "seed": {{seed}},
          "tasks": { "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 } },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 40, "batchSize": 16, "saveEvery": 20,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.7, "guesses": 0.5 },
              "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "rl": {
              "kind": "rl", "from": "base", "task": "addition", "iterations": {{iterations}},
              "questions": 8, "groupSize": 4, "miniBatches": 2, "sampling": { "maxNewTokens": 24 },
              "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 }, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "addition", "problems": 8, "samples": 2, "sampling": { "temperature": 0.6, "maxNewTokens": 24 } },
          "workers": { "count": 1, "threads": 1, "device": "cpu" }
        }
        """;
}
