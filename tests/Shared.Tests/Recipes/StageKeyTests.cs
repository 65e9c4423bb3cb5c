using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Shapes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>A stage's key changes with whatever decides its result, and with nothing else.</summary>
public sealed class StageKeyTests
{
    // A recipe with every kind of stage, every kind of task, and every map and list filled.
    private static Recipe Full { get; } = RecipeLoader.Parse("""
        {
          "name": "full", "description": "all of it", "seed": 3,
          "tasks": {
            "add": { "kind": "arithmetic", "digits": 2 },
            "words": {
              "kind": "dataset", "files": ["blob:a.jsonl"], "heldOutFiles": ["blob:h.jsonl"], "against": ["blob:e.jsonl"], "domain": "algebra", "template": "Q: {prompt}",
              "difficulty": { "passRates": "blob:p.jsonl", "above": 0.1, "below": 0.9 }
            },
            "ask": { "kind": "requests" }, "numbers": { "kind": "number-words" }, "down": { "kind": "countdown" },
            "chats": { "kind": "dataset", "files": ["blob:c.jsonl"], "layout": "completions" }
          },
          "evaluation": { "task": "add", "problems": 50, "samples": 2, "sampling": { "temperature": 0.6, "maxNewTokens": 30 } },
          "stages": {
            "own": { "kind": "import", "path": "blob:models/own", "size": { "parameters": 1e9, "activeParameters": 1e8, "layers": 4, "attentionWidth": 64 } },
            "wide": { "kind": "pretrain", "tasks": { "add": 2, "numbers": 1, "down": 1 }, "steps": 50, "model": { "maxPositions": 256 } },
            "base": {
              "kind": "pretrain", "task": "add", "steps": 50,
              "optimizer": { "learningRate": 1e-3, "warmupSteps": 5, "lora": { "rank": 4, "targets": ["q_proj"] } }
            },
            "zero": {
              "kind": "rl", "from": "base", "task": "add", "iterations": 9, "questions": 8, "groupSize": 4, "shards": 2, "miniBatches": 2, "evaluateEvery": 3,
              "sampling": { "maxNewTokens": 30 }, "rewards": { "accuracy/exact": 1, "format/think-answer": 0.5 }
            },
            "helpful": { "kind": "reward-model", "from": "own", "task": "ask", "scores": "summary", "heldOut": 10 },
            "safe": { "kind": "reward-model", "from": "own", "task": "ask", "objective": "pointwise", "heldOut": 10 },
            "all": {
              "kind": "rl", "from": "own", "iterations": 5, "questions": 8, "groupSize": 4, "miniBatches": 2, "dynamicSampling": { "maxRounds": 3 },
              "sources": {
                "sums": { "task": "add", "share": 2, "rewards": { "accuracy/exact": 1 } },
                "asks": { "task": "ask", "fromIteration": 2, "rewards": { "helpful/model": { "weight": 0.5, "options": { "stage": "helpful" } }, "safety/model": { "options": { "stage": "safe" } } } }
              }
            },
            "tidy": {
              "kind": "collect", "from": "base", "task": "add", "questions": 20, "sampling": { "maxNewTokens": 30 },
              "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }, "rewrite": { "kind": "template", "separator": "; " }
            },
            "rewritten": {
              "kind": "collect", "from": "base", "task": "add", "questions": 20, "sampling": { "maxNewTokens": 30 },
              "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }, "rewrite": { "kind": "model", "from": "own" }
            },
            "collect": {
              "kind": "collect", "from": "zero", "task": "words", "questions": 20, "shards": 2, "prompt": { "template": "plain" }, "sampling": { "maxNewTokens": 30 },
              "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }, "filters": { "language": "en" }
            },
            "reject": {
              "kind": "rejection-sample", "from": "zero", "task": "add", "questions": 20, "sampling": { "maxNewTokens": 30 },
              "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }
            },
            "sft": { "kind": "sft", "from": "base", "data": ["collect", "reject", "chats"], "proportions": { "collect": 1, "reject": 2, "chats": 1 } },
            "distill": {
              "kind": "distill", "data": ["tidy", "rewritten"],
              "students": {
                "same": { "from": "base" }, "small": { "from": "wide", "learningRate": 1e-4, "epochs": 3, "batchSize": 32, "microBatchSize": 8 },
                "other": { "from": "base", "optimizer": { "learningRate": 1e-5 } }
              }
            },
            "test": { "kind": "evaluate", "from": "sft", "evaluation": { "task": "add", "problems": 20, "sampling": { "temperature": 0.6, "maxNewTokens": 30 } } },
            "bench": {
              "kind": "evaluate", "from": "own",
              "evaluation": {
                "problems": 20, "sampling": { "temperature": 0.6, "maxNewTokens": 30 },
                "benchmarks": { "sums": { "task": "add", "rewards": { "accuracy/exact": 1 } }, "polite": { "task": "ask", "problems": 5, "rewards": { "helpful/model": { "options": { "stage": "helpful" } } } } }
              }
            }
          }
        }
        """, "full.json").Recipe;

    // What starts from the imported model, is rewarded by reward models that do, or learns from what it rewrote.
    private static readonly string[] OfTheImportedModel =
        ["own", "helpful", "safe", "all", "rewritten", "distill/same", "distill/small", "distill/other", "test", "bench"];

    // Every setting that has no effect. A setting that joins them is a promise: some test must hold it.
    private static readonly string[] WithoutEffect =
    [
        "Recipe.Name", "Recipe.Description", "EvaluationRecipe.Curve", "EvaluationRecipe.Expect", "Recipe.Workers", "Recipe.Jobs",
        "Recipe.Budget", "Recipe.Notify",
        "Recipe.Tracking", "PretrainStage.SaveEvery",
            "SupervisedStage.SaveEvery",
        "ImportStage.Size", "RewardModelStage.SaveEvery", "RlStage.Shards", "RlStage.KeepEvery", "RlStage.KeepStateEvery",
        "RlStage.EvaluateEvery", "RlStage.TraceEvery", "RlStage.Controls", "SampleStage.Shards", "DistillStage.Mode",
    ];

    [Fact]
    public void Of_EverySetting_ChangesTheKeyUnlessMarkedAsWithoutEffect()
    {
        var json = JsonSerializer.SerializeToNode(Full, R1Json.Options)!.AsObject();
        var before = Keys(Full);
        var marked = new HashSet<string>();
        var looked = new HashSet<string>();
        var untried = new List<string>();
        Walk(RecipeShape.Recipe, json, json, [], free: false);

        untried.ShouldBeEmpty();
        marked.ShouldBe(WithoutEffect, ignoreOrder: true);
        looked.Count.ShouldBeGreaterThan(140, "settings of all kinds");

        void Walk(RecipeShape shape, JsonNode node, JsonObject root, List<object> path, bool free)
        {
            switch (shape, node)
            {
                case (ObjectShape record, JsonObject value):
                    // Beside benchmarks an evaluation's own settings are defaults, which the loader has given to each.
                    var shared = value["benchmarks"] is JsonObject { Count: > 0 } ? typeof(BenchmarkRecipe) : null;
                    foreach (var field in record.Fields.Where(field => field.Property.DeclaringType != shared))
                        Field(field, value, root, path, free);
                    break;
                case (UnionShape union, JsonObject value):
                    foreach (var field in union.Kinds[(string)value[union.Discriminator]!].Fields) Field(field, value, root, path, free);
                    break;
                case (MapShape map, JsonObject value):
                    foreach (var (name, entry) in value.ToList()) Walk(map.Value, entry!, root, [.. path, name], free);
                    break;
                case (ListShape list, JsonArray items):
                    for (var i = 0; i < items.Count; i++) Walk(list.Item, items[i]!, root, [.. path, i], free);
                    break;
                case (_, JsonObject reward): // options of a reward: each is its record's own
                    foreach (var (name, value) in reward.ToList()) Walk(shape, value!, root, [.. path, name], free);
                    break;
                default:
                    Try(node, root, path, free);
                    break;
            }
        }

        void Field(RecipeField field, JsonObject holder, JsonObject root, List<object> path, bool free)
        {
            var name = $"{field.Property.DeclaringType!.Name}.{field.Property.Name}";
            if (field.Property.IsDefined(typeof(NoEffectAttribute), false)) marked.Add(name);
            looked.Add(name);
            free |= field.Property.IsDefined(typeof(NoEffectAttribute), false);
            // What may be left out and is: its key must take it in when it is given.
            if (holder[field.Name] is { } node) Walk(field.Shape, node, root, [.. path, field.Name], free);
        }

        void Try(JsonNode node, JsonObject root, List<object> path, bool free)
        {
            var changed = root.DeepClone().AsObject();
            JsonNode at = changed;
            foreach (var step in path.SkipLast(1)) at = step is int index ? at[index]! : at[(string)step]!;
            foreach (var other in Others(node))
            {
                if (path[^1] is int last) at[last] = other;
                else at[(string)path[^1]] = other;
                Recipe recipe;
                try
                {
                    recipe = changed.Deserialize<Recipe>(R1Json.Options)!;
                }
                catch (JsonException)
                {
                    continue; // no name of that enumeration
                }
                if (!Holds(recipe)) continue;
                (Keys(recipe) != before).ShouldBe(!free, string.Join('.', path));
                return;
            }
            untried.Add(string.Join('.', path));
        }

        // Whether all that stages depend on comes before them.
        static bool Holds(Recipe recipe)
        {
            var earlier = recipe.Tasks.Keys.ToHashSet();
            return recipe.Expand().Stages.All(stage => stage.Value.Inputs().All(earlier.Contains) && earlier.Add(stage.Key));
        }
    }

    [Fact]
    public void Of_TaskNames_AreNotWhatCounts()
    {
        var renamed =
            Parse(Json(Full).Replace("\"add\":", "\"sums\":", StringComparison.Ordinal)
                .Replace("\"task\":\"add\"", "\"task\":\"sums\"", StringComparison.Ordinal));
        var (before, after) = (Map(Full), Map(renamed));
        // What measures is named after its task, and figures after it; a corpus of several tasks is mixed in the order of their names.
        before.Keys.Where(name => before[name].Result != after[name].Result).ShouldBe(["wide", "distill/small", "test"]);
    }

    [Fact]
    public void Of_AnotherTasksSettings_LeaveAStageAlone()
    {
        var changed =
            Map(Full with {
                Tasks = new OrderedDictionary<string, TaskRecipe>(Full.Tasks) {
                    ["words"] = (DatasetTask)Full.Tasks["words"] with { Seed = 9 } } });
        var before = Map(Full);
        before.Keys.Where(name => before[name].Result != changed[name].Result).ShouldBe(["collect", "sft", "test"]);
    }

    [Fact]
    public void Of_ADefaultSpelledOut_IsTheSameKey()
    {
        var plain = """{ "name": "a", "tasks": { "add": { "kind": "arithmetic" } }, "stages": { "base": { "kind": "pretrain", "task": "add" } } }""";
        var spelled = """
            { "stages": { "base": { "task": "add", "kind": "pretrain", "batchSize": 64, "steps": 300, "corpus": { "stepNoise": 2e-2, "tagged": 0.15 }, "model": {} } },
              "tasks": { "add": { "digits": 2, "kind": "arithmetic", "operation": "add" } }, "seed": 1, "name": "b" }
            """;
        Keys(RecipeLoader.Parse(spelled, "b").Recipe).ShouldBe(Keys(RecipeLoader.Parse(plain, "a").Recipe));
    }

    [Fact]
    public void Of_TheSameSettingsUnderAnotherStageName_IsAnotherKey()
    {
        var renamed = Parse(Json(Full).Replace("\"zero\"", "\"first\"", StringComparison.Ordinal));
        var (before, after) = (Map(Full), Map(renamed));
        after["first"].Result.ShouldNotBe(before["zero"].Result, "seeds derive from the name");
        after["base"].Result.ShouldBe(before["base"].Result);
    }

    [Fact]
    public void Of_ContentOfDataFiles_DecidesAndIsNamedWhenUnknown()
    {
        string[] files = [.. StageKeys.Files(Full.Expand())];
        files.ShouldBe(["blob:a.jsonl", "blob:c.jsonl", "blob:e.jsonl", "blob:h.jsonl", "blob:models/own", "blob:p.jsonl"]);
        var before = Map(Full, files.ToDictionary(file => file, string? (file) => "1"));
        foreach (var file in files)
        {
            var changed = Map(Full, files.ToDictionary(other => other, string? (other) => other == file ? "2" : "1"));
            before.Keys.Where(name => before[name].Result != changed[name].Result).ShouldBe(file switch
            {
                "blob:c.jsonl" => ["sft", "test"],
                "blob:models/own" => OfTheImportedModel,
                _ => ["collect", "sft", "test"],
            }, file);
        }
        var unknown = Map(Full, files.ToDictionary(file => file, string? (file) => file == "blob:e.jsonl" ? null : "1"));
        unknown.Where(key => key.Value.Result is null).Select(key => key.Key).ShouldBe(["collect", "sft", "test"]);
        unknown["test"].UnknownFile.ShouldBe("blob:e.jsonl");
    }

    [Fact]
    public void Of_Evaluation_HasAKeyOfItsOwn()
    {
        var (before, after) = (Map(Full), Map(Full with { Evaluation = Full.Evaluation! with { Problems = 51 } }));
        foreach (var (name, key) in before)
        {
            after[name].Result.ShouldBe(key.Result);
            (after[name].Evaluation == key.Evaluation).ShouldBe(key.Evaluation is null);
        }
        before.Where(key => key.Value.Evaluation is not null).Select(key => key.Key)
            .ShouldBe(["own", "wide", "base", "zero", "all", "sft", "distill/same", "distill/small", "distill/other"]);
        Map(Full with { Evaluation = null }).Values.ShouldAllBe(key => key.Evaluation == null);
    }

    [Fact]
    public void Of_RewardModel_DecidesWhatItRewardsAndJudgesAndNothingElse()
    {
        var (before, after) = (Map(Full), Map(With(Full, "helpful", (RewardModelStage)Full.Stages["helpful"] with { Epochs = 2 })));
        before.Keys.Where(name => before[name].Result != after[name].Result).ShouldBe(["helpful", "all", "test", "bench"]);
        // The run's evaluation names no rewards: all that there are judge it, the model's from its stage on.
        before.Keys.Where(name => before[name].Result == after[name].Result && before[name].Evaluation != after[name].Evaluation)
            .ShouldBe(["sft", "distill/same", "distill/small", "distill/other"]);
        var named = Full with {
            Evaluation = Full.Evaluation! with { Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 1 } } };
        (before, after) = (Map(named), Map(With(named, "helpful", (RewardModelStage)Full.Stages["helpful"] with { Epochs = 2 })));
        before.Keys.Where(name => before[name].Evaluation != after[name].Evaluation).ShouldBe(["all"], "its own rewards decide the others");

        Full.Expand().InputsOf("bench").ShouldBe(["own", "helpful"]);
        Full.Expand().InputsOf("test").ShouldBe(["sft", "helpful", "safe"], "it takes all rewards");
        Full.Expand().InputsOf("sft").ShouldBe(["base", "collect", "reject"]);
        Full.Expand().InputsOf("rewritten").ShouldBe(["base", "own"]);
    }

    [Fact]
    public void Changes_BetweenKeys_AreNamedByTheirPaths()
    {
        var changed =
            Parse(Json(Full).Replace("\"iterations\":9", "\"iterations\":10", StringComparison.Ordinal)
                .Replace("\"digits\":2", "\"digits\":3", StringComparison.Ordinal));
        var (before, after) = (Map(Full), Map(changed));
        KeyChanges.Between(before["zero"].Basis, after["zero"].Basis).ShouldBe(["iterations", "task.digits"]);
        KeyChanges.Between(before["sft"].Basis, after["sft"].Basis).ShouldBeEmpty("only its inputs changed");
        KeyChanges.Between(before["base"].Basis, Map(Full with { Seed = 4 })["base"].Basis).ShouldBe(["seed"]);
    }

    [Fact]
    public void Tasks_OfAStage_AreItsOwnAndThoseOfItsMeasurement()
    {
        StageKeys.Tasks(Full, Full.Stages["collect"]).Keys.ShouldBe(["add", "words"], ignoreOrder: true);
        StageKeys.Tasks(Full, Full.Stages["zero"]).Keys.ShouldBe(["add"]);
    }

    private static IEnumerable<JsonNode> Others(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.True => [JsonValue.Create(false)],
        JsonValueKind.False => [JsonValue.Create(true)],
        JsonValueKind.Number => [JsonValue.Create(node.GetValue<double>() + 1)],
        JsonValueKind.String =>
        [
            .. Enum.GetNames<DatasetLayout>().Concat(Enum.GetNames<LearningRateSchedule>()).Select(name => name.ToLowerInvariant())
                .Concat(["multiply", "easy-to-hard", "bfloat16", "k1", "token-mean", "batch", "score-zero", "response", "pairwise",
                    "pointwise", "leave-one-out", "base", "own", "vllm", "zero", "safe", "tidy", "add", "words", "ask", "en", "zh",
                    "on-policy", "host"])
                .Where(name => name != node.GetValue<string>()).Select(name => JsonValue.Create(name)),
        ],
        _ => throw new NotSupportedException($"A {node.GetValueKind()} is no single value: {node.ToJsonString()}"),
    };

    internal static IReadOnlyDictionary<string, StageKey> Map(Recipe recipe, IReadOnlyDictionary<string, string?>? contents = null)
    {
        contents ??= StageKeys.Files(recipe.Expand()).ToDictionary(file => file, string? (file) => file);
        return StageKeys.Of(recipe.Expand(), contents);
    }

    private static Recipe With(Recipe recipe, string name, StageRecipe stage) =>
        recipe with { Stages = new OrderedDictionary<string, StageRecipe>(recipe.Stages) { [name] = stage } };

    internal static string Keys(Recipe recipe) =>
        string.Join('\n', Map(recipe).Select(key => $"{key.Key} {key.Value.Result} {key.Value.Evaluation}"));

    internal static string Json(Recipe recipe) => JsonSerializer.Serialize(recipe, R1Json.Options);

    internal static Recipe Parse(string json) => JsonSerializer.Deserialize<Recipe>(json, R1Json.Options)!;
}
