using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>Recipes for tests.</summary>
internal static class TestRecipes
{
    /// <summary>Pretraining and RL, small enough for seconds.</summary>
    public static string Json(string name = "small", int iterations = 5, string rl = "", int seed = 1, string evaluation = """
        "evaluation": { "task": "addition", "problems": 8, "samples": 2 },
        """) => $$"""
        {
          // A comment, as recipes may have.
          "name": "{{name}}",
          "seed": {{seed}},
          "tasks": { "addition": { "kind": "arithmetic" } },
          {{evaluation}}
          "stages": {
            "base": { "kind": "pretrain", "task": "addition", "steps": 6, "saveEvery": 3, "optimizer": { "learningRate": 1e-3, "warmupSteps": 2 } },
            "r1-zero": {
              "kind": "rl", "from": "base", "task": "addition", "iterations": {{iterations}}, "questions": 4, "groupSize": 2, "miniBatches": 1,
              "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 }, {{rl}}
              "optimizer": { "learningRate": 1e-4 }
            }
          }
        }
        """;

    public static LoadedRecipe Load(string json) => RecipeLoader.Parse(json, "test recipe");
}
