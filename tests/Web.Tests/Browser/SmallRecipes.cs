namespace R1Cloud.Web.Tests.Browser;

/// <summary>Recipes of seconds.</summary>
internal static class SmallRecipes
{
    /// <summary>R1-Zero in small.</summary>
    public static string Of(string name, int iterations) => $$"""
        {
          "extends": "r1-zero", "name": "{{name}}", "seed": 5,
          "tasks": { "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 } },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 60, "batchSize": 16, "saveEvery": 20,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.5, "guesses": 0.5 },
              "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "r1-zero": {
              "from": "base", "task": "addition", "iterations": {{iterations}}, "questions": 16, "groupSize": 4, "miniBatches": 2,
              "sampling": { "maxNewTokens": 24 }, "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 },
              "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "addition", "problems": 16, "samples": 2, "sampling": { "temperature": 0.6, "maxNewTokens": 24 } },
          "workers": { "count": 1, "threads": 1, "device": "cpu" },
          "jobs": { "heartbeatTimeoutSeconds": 4 }
        }
        """;
}
