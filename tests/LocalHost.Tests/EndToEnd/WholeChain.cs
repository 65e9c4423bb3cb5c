using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>A recipe with every kind of stage, in a folder with the files that it names.</summary>
internal static class WholeChain
{
    /// <summary>Writes model and data, and returns the recipe.</summary>
    public static string Write(TestFolder folder)
    {
        TinyModel.Write(folder["models/tiny"]);
        return Recipe(folder["models/tiny"], folder.Write("pairs.jsonl", Pairs()));
    }

    /// <summary>The recipe, with other settings.</summary>
    public static LoadedRecipe Load(string recipe, params (string Old, string New)[] changes)
    {
        foreach (var (old, changed) in changes)
        {
            recipe.Split(old).Length.ShouldBe(2, old);
            recipe = recipe.Replace(old, changed, StringComparison.Ordinal);
        }
        return RecipeLoader.Parse(recipe, "whole.json");
    }

    /// <summary>What a run's models weigh: by stage, the hashes of all their files.</summary>
    public static async Task<Dictionary<string, string>> WeightsAsync(IBlobStore blobs, RunView run)
    {
        var weights = new Dictionary<string, string>();
        foreach (var stage in run.Stages.Where(stage => stage.Checkpoint is not null && stage.Kind != "evaluate"))
        {
            var manifest = await blobs.ReadJsonAsync<CheckpointManifest>(stage.Checkpoint + "manifest.json");
            weights[stage.Name] = manifest.Files["model.safetensors"].Sha256;
        }
        return weights;
    }

    // The better summary is short.
    private static string Pairs() => string.Join('\n', Enumerable.Range(0, 200).Select(number => JsonSerializer.Serialize(new
    {
        prompt = $"{number % 10}+{number / 10 % 10}=", chosen = $"<think>{number}</think><answer>{number % 7}</answer>",
            rejected = $"<think>{number}</think><answer>{number % 7}{number % 7}{number % 9}</answer>",
    })));

    private static string Recipe(string model, string pairs) => $$"""
        {
          "name": "whole", "seed": 5,
          "tasks": {
            "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 },
            "pairs": { "kind": "dataset", "files": [{{JsonSerializer.Serialize(pairs)}}], "layout": "preferences", "heldOutPercent": 25 }
          },
          "stages": {
            "own": { "kind": "import", "path": {{JsonSerializer.Serialize(model)}} },
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 200, "batchSize": 16, "saveEvery": 50,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "corpus": { "tagged": 0.15, "guesses": 0.5 },
              "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "collect": {
              "kind": "collect", "from": "base", "task": "addition", "questions": 60, "samples": 8, "keep": 2, "shards": 2,
              "sampling": { "maxNewTokens": 24 }, "rewards": { "accuracy/exact": 1, "format/think-answer": 1 },
              "minimums": { "format/think-answer": 1 }, "rewrite": { "kind": "template", "separator": "" }
            },
            "dev1": {
              "kind": "sft", "from": "base", "data": ["collect"], "epochs": 4, "batchSize": 8, "saveEvery": 10,
              "optimizer": { "learningRate": 1e-3, "warmupSteps": 5, "schedule": "cosine" }
            },
            "helpful": {
              "kind": "reward-model", "from": "own", "task": "pairs", "rows": 96, "epochs": 4, "batchSize": 16, "heldOut": 16, "saveEvery": 6,
              "optimizer": { "learningRate": 3e-3, "warmupSteps": 2 }
            },
            "rl": {
              "kind": "rl", "from": "dev1", "task": "addition", "iterations": 2, "questions": 16, "groupSize": 4, "miniBatches": 2, "shards": 2,
              "sampling": { "maxNewTokens": 24 }, "optimizer": { "learningRate": 1e-4 },
              "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5, "helpful/model": { "weight": 0.2, "options": { "stage": "helpful", "normalize": true } } }
            },
            "reject": {
              "kind": "rejection-sample", "from": "rl", "task": "addition", "questions": 40, "samples": 2, "shards": 2,
              "sampling": { "maxNewTokens": 24 }, "rewards": { "accuracy/exact": 1, "format/think-answer": 1 }, "minimums": { "format/think-answer": 1 }
            },
            "final": {
              "kind": "sft", "from": "base", "data": ["collect", "reject"], "proportions": { "collect": 1, "reject": 1 }, "epochs": 2, "batchSize": 8,
              "optimizer": { "learningRate": 1e-3, "warmupSteps": 5 }
            },
            "check": { "kind": "evaluate", "from": "final", "evaluation": { "task": "addition", "problems": 8, "samples": 2, "sampling": { "maxNewTokens": 24 } } },
            "distill": {
              "kind": "distill", "data": ["reject"], "epochs": 2, "batchSize": 8, "saveEvery": 2, "optimizer": { "learningRate": 1e-3, "warmupSteps": 2, "schedule": "cosine" },
              "students": { "slow": { "from": "base", "learningRate": 3e-4 }, "own": { "from": "own", "epochs": 3 } }
            }
          },
          "evaluation": {
            "samples": 2, "sampling": { "temperature": 0.6, "maxNewTokens": 24 },
            "benchmarks": { "addition": { "problems": 16 }, "few": { "task": "addition", "problems": 5, "rewards": { "accuracy/math": 1 } } }
          },
          "workers": { "count": 1, "threads": 1, "device": "cpu" }
        }
        """;
}
