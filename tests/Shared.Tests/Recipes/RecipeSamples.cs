using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>A good recipe with every section, and where the repository is.</summary>
internal static class RecipeSamples
{
    /// <summary>Line 1 is the brace; tests name lines of this text.</summary>
    public const string Good = """
        {
          "name": "good",
          "seed": 7,
          "tasks": {
            "add": { "kind": "arithmetic", "operation": "add", "digits": 2, "heldOutPercent": 10 }
          },
          "stages": {
            "base": {
              "kind": "pretrain",
              "task": "add",
              "model": { "hiddenSize": 64, "layers": 2, "heads": 4, "kvHeads": 2, "intermediateSize": 128, "maxPositions": 96 },
              "corpus": { "tagged": 0.2, "guesses": 0.3 },
              "steps": 100,
              "optimizer": { "learningRate": 1e-3, "warmupSteps": 10, "schedule": "linear" }
            },
            "zero": {
              "kind": "rl",
              "from": "base",
              "task": "add",
              "iterations": 10,
              "questions": 8,
              "groupSize": 4,
              "shards": 2,
              "miniBatches": 4,
              "microBatchSize": 4,
              "sampling": { "temperature": 1, "topP": 1, "maxNewTokens": 40 },
              "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 },
              "loss": { "name": "grpo", "clipLow": 0.2, "clipHigh": 0.28, "klWeight": 0.01 },
              "optimizer": { "learningRate": 2e-4 },
              "evaluateEvery": 5
            },
            "test": { "kind": "evaluate", "from": "zero", "evaluation": { "task": "add", "problems": 100 } }
          },
          "evaluation": { "task": "add", "problems": 100, "samples": 4, "sampling": { "temperature": 0.6, "maxNewTokens": 40 } },
          "workers": { "count": 2, "device": "cpu" },
          "jobs": { "maxAttempts": 3, "retryDelaySeconds": 0.5 }
        }
        """;

    public static string Root { get; } = FindRoot();

    public static string RecipesFolder => Path.Combine(Root, "recipes");

    public static RecipeException Fails(string json) => Should.Throw<RecipeException>(() => RecipeLoader.Parse(json, "bad.json"));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cloud.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Cloud.sln is in no folder above the tests.");
    }
}
