using System.Text.Json.Nodes;
using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>A setting without effect is an error where the recipe itself sets it, and gone where it is inherited.</summary>
public sealed class SettingsWithoutEffectTests
{
    [Theory]
    [InlineData("""{ "name": "dapo", "aggregation": "sequence-mean" }""", "aggregation", "token-mean")]
    [InlineData("""{ "name": "dr-grpo", "aggregation": "token-mean" }""", "aggregation", "constant-length")]
    [InlineData("""{ "name": "luspo", "aggregation": "token-mean" }""", "aggregation", "grpo, gspo, sapo")]
    [InlineData("""{ "name": "sapo", "clipLow": 0.3 }""", "clipLow", "sapo does not read it")]
    [InlineData("""{ "name": "vespo", "clipHigh": 0.3 }""", "clipHigh", "vespo does not read it")]
    [InlineData("""{ "name": "cispo", "clipHigh": 5, "clipLow": 0.3 }""", "clipLow", "cispo does not read it")]
    [InlineData("""{ "name": "sapo", "twoSidedClip": 4 }""", "twoSidedClip", "sapo does not read it")]
    [InlineData("""{ "name": "grpo", "gateTemperatures": { "positive": 2 } }""", "gateTemperatures", "read by sapo")]
    [InlineData("""{ "name": "grpo", "given": { "k": 1 } }""", "given", "read by vespo")]
    [InlineData("""{ "name": "sapo", "taken": { "lambda": 1 } }""", "taken", "read by vespo")]
    [InlineData("""{ "name": "vespo", "sequenceRatio": true }""", "sequenceRatio", "vespo does not read it")]
    [InlineData("""{ "klEstimator": "k2" }""", "klEstimator", "klWeight is 0")]
    [InlineData("""{ "klEstimator": "k1" }""", "klEstimator", "klMetric measures")]
    [InlineData("""{ "klTimesRatio": true }""", "klTimesRatio", "klWeight is 0")]
    [InlineData("""{ "klInReward": true }""", "klInReward", "klWeight is 0")]
    [InlineData("""{ "klInReward": true, "klWeight": 0.1, "klTimesRatio": true, "advantageScale": "none" }""", "klTimesRatio",
        "takes the KL estimate off the reward")]
    [InlineData("""{ "oldLogProbs": "recomputed", "mismatch": { "mode": "token-truncate", "low": 0.5 } }""", "mismatch.low",
        "leaves nothing out")]
    [InlineData("""{ "oldLogProbs": "recomputed", "mismatch": { "mode": "none", "high": 3 } }""", "mismatch.high", "nothing is corrected")]
    public void Parse_LossThatDoesNotReadASetting_IsRefused(string loss, string field, string because) =>
        ShouldRefuse(["stages.zero.loss", loss], $"stages.zero.loss.{field}", because);

    [Theory]
    [InlineData("stages.zero.optimizer", """{ "learningRate": 1e-4, "finalRatio": 0.2 }""", "stages.zero.optimizer.finalRatio", "constant")]
    [InlineData("stages.zero.optimizer", """{ "learningRate": 1e-4, "state": "host", "lora": { } }""", "stages.zero.optimizer.state",
        "an adapter's state is small")]
    [InlineData("stages.base.optimizer", """{ "learningRate": 1e-4, "schedule": "constant", "finalRatio": 0 }""",
        "stages.base.optimizer.finalRatio", "constant")]
    [InlineData("evaluation.sampling", """{ "temperature": 0, "topP": 0.9 }""", "evaluation.sampling.topP", "temperature 0")]
    [InlineData("evaluation.sampling", """{ "temperature": 0, "topK": 5 }""", "evaluation.sampling.topK", "temperature 0")]
    [InlineData("evaluation.sampling", """{ "topK": 1, "temperature": 0.7 }""", "evaluation.sampling.temperature", "with topK 1",
        "evaluation.samples", "1")]
    [InlineData("evaluation.sampling", """{ "topK": 1, "topP": 0.9 }""", "evaluation.sampling.topP", "with topK 1")]
    [InlineData("stages.test.evaluation.sampling", """{ "temperature": 0, "minP": 0.1 }""", "stages.test.evaluation.sampling.minP",
        "temperature 0")]
    [InlineData("stages.zero.referenceEvery", "5", "stages.zero.referenceEvery", "no reference model")]
    [InlineData("stages.zero.microBatchTokens", "500", "stages.zero.microBatchSize", "microBatchTokens takes its place")]
    [InlineData("stages.base.corpus", """{ "guesses": 0, "guessAccuracy": 0.9 }""", "stages.base.corpus.guessAccuracy", "guesses is 0")]
    [InlineData("stages.base.corpus", """{ "mixedLanguage": 0.2 }""", "stages.base.corpus.mixedLanguage", "in several languages")]
    [InlineData("stages.base.model", """{ "experts": { "denseLayers": 0 }, "intermediateSize": 99 }""",
        "stages.base.model.intermediateSize", "experts.intermediateSize")]
    [InlineData("jobs", """{ "maxAttempts": 1, "retryDelaySeconds": 5 }""", "jobs.retryDelaySeconds", "not tried again")]
    [InlineData("templateDate", "\"2026-01-02\"", "templateDate", "chat template")]
    [InlineData("stages.test.evaluation", """{ "curve": "b", "benchmarks": { "a": { "task": "add" }, "b": { "task": "add" } } }""",
        "stages.test.evaluation.curve", "the recipe's own evaluation")]
    [InlineData("tasks.add", """{ "kind": "dataset", "files": ["blob:a.jsonl"], "heldOutFiles": ["blob:b.jsonl"], "heldOutPercent": 20 }""",
        "tasks.add.heldOutPercent", "heldOutFiles says")]
    [InlineData("tasks.add", """{ "kind": "dataset", "files": ["blob:a.jsonl"], "heldOutPercent": 100, "order": "easy-to-hard" }""",
        "tasks.add.order", "no training problems")]
    [InlineData("stages.zero.prompt", """{ "tooLong": "leave-out" }""", "stages.zero.prompt.tooLong", "rows of data sets")]
    [InlineData("evaluation.prompt", """{ "tooLong": "leave-out" }""", "evaluation.prompt.tooLong", "rows of data sets")]
    [InlineData("stages.zero.loss", """{ "oldLogProbs": "recomputed", "clipHigh": 0.4 }""", "stages.zero.loss.clipHigh", "the ratio is 1",
        "stages.zero.miniBatches", "1")]
    [InlineData("stages.zero.loss", """{ "oldLogProbs": "recomputed", "offPolicyThreshold": 0.4 }""",
        "stages.zero.loss.offPolicyThreshold", "the ratio is 1", "stages.zero.miniBatches", "1")]
    [InlineData("stages.zero.loss", """{ "clipLow": 0.3 }""", "stages.zero.loss.clipLow", "the ratio is 1",
        "stages.zero.miniBatches", "1", "engine", "\"vllm\"")]
    [InlineData("stages.zero.loss", """{ "dropEqualGroups": true }""", "stages.zero.loss.dropEqualGroups", "dynamicSampling",
        "stages.zero.dynamicSampling", "{ }")]
    [InlineData("evaluation.rewards", """{ "accuracy/exact": 0.5 }""", "evaluation.rewards.accuracy/exact", "weights have no part")]
    [InlineData("evaluation.rewards", """{ "accuracy/exact": { "weight": 7 } }""", "evaluation.rewards.accuracy/exact.weight",
        "weights have no part")]
    [InlineData("stages.zero.rewards", """{ "accuracy/math": { "options": { "kind": "choice", "percent": "hundredth" } } }""",
        "stages.zero.rewards.accuracy/math.options.percent", "kind is choice")]
    [InlineData("stages.zero.rewards", """{ "accuracy/math": { "options": { "relativeTolerance": 0.01, "decimalPlaces": 3 } } }""",
        "stages.zero.rewards.accuracy/math.options.decimalPlaces", "a tolerance")]
    [InlineData("stages.zero.rewards", """{ "accuracy/exact": 1, "language/consistency": { "options": { "field": "x", "language": "de" } } }""",
        "stages.zero.rewards.language/consistency.options.language", "field says")]
    [InlineData("stages.zero.rewards", """{ "accuracy/exact": 1, "repetition/ngram": { "options": { "maxPenalty": 0, "unit": "tokens" } } }""",
        "stages.zero.rewards.repetition/ngram.options.unit", "maxPenalty is 0")]
    public void Parse_OtherSettingWithoutEffect_IsRefused(string path, string value, string field, string because,
        params string[] beside) =>
        ShouldRefuse([path, value, .. beside], field, because);

    [Theory]
    [InlineData("""{ "name": "dapo", "aggregation": "token-mean" }""")]
    [InlineData("""{ "name": "dr-grpo", "aggregation": "constant-length" }""")]
    [InlineData("""{ "name": "sapo", "clipLow": 0.2, "klEstimator": "k3", "klTimesRatio": false }""")]
    [InlineData(
        """{ "name": "grpo", "twoSidedClip": 4, "sequenceRatio": true, "highEntropyShare": 0.2, "offPolicyThreshold": 0.1, "klWeight": 0.1, "klTimesRatio": true, "klEstimator": "k1" }""")]
    [InlineData("""{ "name": "sapo", "gateTemperatures": { "positive": 2 } }""")]
    [InlineData("""{ "name": "vespo", "given": { "k": 1 }, "taken": { "lambda": 1, "k": 2 } }""")]
    [InlineData("""{ "klMetric": "k1" }""")]
    [InlineData(
        """{ "klInReward": true, "klWeight": 0.1, "klEstimator": "k1", "advantageScale": "batch-tokens", "advantageBaseline": "none" }""")]
    [InlineData("""{ "oldLogProbs": "recomputed", "mismatch": { "mode": "token-mask", "low": 0.5 } }""")]
    [InlineData("""{ "mismatch": { "mode": "none" } }""")]
    [InlineData("""{ "klMetric": "k2", "klWeight": 0.1, "klEstimator": "k3" }""")]
    public void Parse_WhatIsReadOrDoneAnyway_IsTaken(string loss)
    {
        var loaded = RecipeLoader.Parse(With("stages.zero.loss", loss), "good.json");
        RecipeLoader.Parse(loaded.ResolvedJson, "resolved.json").Hash.ShouldBe(loaded.Hash);
    }

    [Fact]
    public void Parse_KlInRewardWithAScaleOfRewards_IsRefused()
    {
        var problem = RecipeSamples.Fails(With("stages.zero.loss", """{ "klInReward": true, "klWeight": 0.1, "advantageScale": "batch" }"""))
            .Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("stages.zero.loss.advantageScale");
        problem.Allowed.ShouldContain("none or batch-tokens with klInReward");
    }

    [Fact]
    public void Parse_K1InTheLoss_IsRefusedWithTheReason()
    {
        var problem = RecipeSamples.Fails(With("stages.zero.loss", """{ "klWeight": 0.1, "klEstimator": "k1" }"""))
            .Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("stages.zero.loss.klEstimator");
        problem.Allowed.ShouldContain("the same for every reference");
        problem.Allowed.ShouldContain("klMetric");
    }

    [Theory]
    [InlineData("""{ "mismatch": { "mode": "token-truncate" } }""", "stages.zero.loss.mismatch")]
    [InlineData("""{ "oldLogProbs": "recorded", "mismatch": { "mode": "token-truncate" } }""", "stages.zero.loss.mismatch")]
    [InlineData("""{ "oldLogProbs": "recomputed", "mismatch": { "mode": "token-mask", "low": 2.5 } }""", "stages.zero.loss.mismatch.low")]
    public void Parse_MismatchThatCannotBeCorrected_NamesTheField(string loss, string named) =>
        RecipeSamples.Fails(With("stages.zero.loss", loss)).Problems.ShouldHaveSingleItem().Path.ShouldBe(named);

    // SGLang tells what top-p left to draw from only where top-k is set too.
    [Theory]
    [InlineData("sglang", """{ "topP": 0.9 }""", """{ "oldLogProbs": "recorded" }""", true)]
    [InlineData("sglang", """{ "topK": 5000 }""", """{ "oldLogProbs": "recorded" }""", true)]
    [InlineData("sglang", """{ "topP": 0.9, "topK": 50 }""", """{ "oldLogProbs": "recorded" }""", false)]
    [InlineData("sglang", """{ "temperature": 0.7 }""", """{ "oldLogProbs": "recorded" }""", false)]
    [InlineData("sglang", """{ "topP": 0.9 }""", "{}", false)]
    [InlineData("vllm", """{ "topP": 0.9 }""", """{ "oldLogProbs": "recorded" }""", false)]
    public void Parse_SamplingOfWhichTheEngineTellsNothing_IsRefused(string engine, string sampling, string loss, bool refused)
    {
        var recipe = With("engine", $"\"{engine}\"", "stages.zero.sampling", sampling, "stages.zero.loss", loss);
        if (refused) RecipeSamples.Fails(recipe).Problems.ShouldHaveSingleItem().Path.ShouldBe("stages.zero.sampling.topK");
        else Should.NotThrow(() => RecipeLoader.Parse(recipe, "good.json"));
    }

    [Fact]
    public void Loss_WithAnEngine_RecomputesAndTruncatesUnlessTheRecipeSaysOtherwise()
    {
        PolicyLossRecipe loss = new();
        (loss.Recomputes(SamplingEngine.Own), loss.Correction(SamplingEngine.Own)).ShouldBe((false, null));
        loss.Recomputes(SamplingEngine.Sglang).ShouldBeTrue();
        (loss.Recomputes(SamplingEngine.Vllm), loss.Correction(SamplingEngine.Vllm)).ShouldBe((true, new MismatchRecipe { High = 2 }));
        var recorded = loss with { OldLogProbs = OldLogProbs.Recorded };
        (recorded.Recomputes(SamplingEngine.Vllm), recorded.Correction(SamplingEngine.Vllm)).ShouldBe((false, null));
        (loss with { Mismatch = new() { Mode = MismatchMode.None } }).Correction(SamplingEngine.Vllm).ShouldBeNull();
    }

    [Fact]
    public void Parse_TwoSidedClipBelowTheClip_IsRefused() =>
        RecipeSamples.Fails(With("stages.zero.loss", """{ "twoSidedClip": 1.1 }""")).Problems.ShouldHaveSingleItem()
            .Path.ShouldBe("stages.zero.loss.twoSidedClip");

    [Theory]
    [InlineData("""{ "advantageScale": "mean", "advantageBaseline": "leave-one-out" }""", """{ "accuracy/exact": 1 }""",
        "stages.zero.loss.advantageBaseline")]
    [InlineData("""{ "advantageScale": "mean" }""", """{ "accuracy/exact": 1, "format/tags": -0.5 }""",
        "stages.zero.rewards.format/tags")]
    public void Parse_ScaleMeanWithWhatItCannotDivide_NamesTheField(string loss, string rewards, string named) =>
        RecipeSamples.Fails(With("stages.zero.loss", loss, "stages.zero.rewards", rewards)).Problems.ShouldHaveSingleItem()
            .Path.ShouldBe(named);

    /// <summary>
    /// Inherited values that lose their meaning are no error, and the resolved recipe no longer says them: it can be sent, and equal runs
    /// have equal hashes.
    /// </summary>
    [Fact]
    public void LoadFile_InheritedSettings_AreTakenAway()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(folder, "base.json"),
            With("stages.zero.loss",
                """{ "name": "grpo", "clipLow": 0.3, "clipHigh": 0.4, "aggregation": "token-mean", "klWeight": 0.1, "klEstimator": "k2" }""", "stages.zero.referenceEvery", "7"));
        string Child(string changes)
        {
            var file = Path.Combine(folder, "child.json");
            File.WriteAllText(file, $$"""{ "extends": "./base.json", "stages": { "zero": {{changes}} } }""");
            return file;
        }
        var loaded = RecipeLoader.LoadFile(Child("""{ "loss": { "name": "sapo", "klWeight": 0 } }"""), DatasetReader.Instance);
        var rl = (RlStage)loaded.Recipe.Stages["zero"];
        rl.Loss.ShouldBe(new PolicyLossRecipe { Name = "sapo", Aggregation = LossAggregation.TokenMean });
        rl.ReferenceEvery.ShouldBe(400);
        RecipeLoader.Parse(loaded.ResolvedJson, "resolved.json").Hash.ShouldBe(loaded.Hash);
        Should.Throw<RecipeException>(() =>
            RecipeLoader.LoadFile(Child("""{ "loss": { "name": "sapo", "klWeight": 0, "clipLow": 0.3 } }"""), DatasetReader.Instance))
            .Problems.ShouldHaveSingleItem().Path.ShouldBe("stages.zero.loss.clipLow");
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>What is set over a resolved recipe is judged; the rest counts as inherited.</summary>
    [Fact]
    public void Parse_OwnPaths_AloneAreJudged()
    {
        var json = With("stages.zero.loss", """{ "name": "sapo", "clipLow": 0.3 }""");
        ((RlStage)RecipeLoader.Parse(json, "set.json", ["stages.zero.loss.name"]).Recipe.Stages["zero"]).Loss.ClipLow.ShouldBe(0.2);
        Should.Throw<RecipeException>(() => RecipeLoader.Parse(json, "set.json", ["stages.zero.loss"])).Problems.ShouldHaveSingleItem()
            .Path.ShouldBe("stages.zero.loss.clipLow");
    }

    /// <summary>What an evaluation says beside its benchmarks is for those that can use it.</summary>
    [Fact]
    public void Parse_BenchmarkThatIsGreedy_MayInheritSamplingItDoesNotRead()
    {
        const string Common =
            "\"problems\": 10, \"samples\": 1, \"sampling\": { \"temperature\": 0.6, \"topP\": 0.9, \"maxNewTokens\": 40 }, ";
        RecipeLoader.Parse(
            With("evaluation",
                $$"""{ {{Common}} "benchmarks": { "add": { }, "greedy": { "task": "add", "sampling": { "temperature": 0 } } } }"""),
            "good.json");
        RecipeSamples.Fails(
            With("evaluation",
                $$"""{ {{Common}} "benchmarks": { "greedy": { "task": "add", "sampling": { "temperature": 0, "topK": 4 } } } }"""))
            .Problems.ShouldHaveSingleItem().Path.ShouldBe("evaluation.benchmarks.greedy.sampling.topK");
    }

    [Theory]
    [InlineData("""{ "accuracy/exact": 1e308, "format/think-answer": 1e308 }""", "at most 1000")]
    [InlineData("""{ "accuracy/exact": 1001 }""", "at most 1000")]
    [InlineData("""{ "accuracy/exact": { "weight": -1000.5 } }""", "at least -1000")]
    [InlineData("""{ "accuracy/exact": 600, "format/think-answer": -600 }""", "add up to at most 1000")]
    public void Parse_WeightsThatAreTooLarge_AreRefused(string rewards, string allowed) =>
        RecipeSamples.Fails(With("stages.zero.rewards", rewards))
            .Problems.ShouldAllBe(problem =>
                problem.Path.StartsWith("stages.zero.rewards", StringComparison.Ordinal) && problem.Allowed.Contains(allowed));

    [Fact]
    public void Parse_LargestWeights_AreTaken() =>
        RecipeLoader.Parse(With("stages.zero.rewards", """{ "accuracy/exact": 600, "format/think-answer": -400 }"""), "good.json");

    /// <summary>No recipe of the product says what means nothing.</summary>
    [Fact]
    public void LoadFile_RecipesOfTheProduct_SetNothingWithoutEffect()
    {
        foreach (var file in Directory.GetFiles(RecipeSamples.RecipesFolder, "*.json")
            .Where(file => !file.EndsWith("schema.json", StringComparison.Ordinal)))
        {
            var loaded = RecipeLoader.LoadFile(file, DatasetReader.Instance);
            RecipeLoader.Parse(loaded.ResolvedJson, "resolved.json").Hash.ShouldBe(loaded.Hash, file);
        }
    }

    private static void ShouldRefuse(string[] changes, string field, string because)
    {
        var problem = RecipeSamples.Fails(With(changes)).Problems.Single(problem => problem.Path == field);
        problem.Message.ShouldContain("has no effect: ");
        problem.Message.ShouldContain(because);
    }

    private static string With(params string[] changes)
    {
        var recipe = JsonNode.Parse(RecipeSamples.Good)!.AsObject();
        recipe["stages"]!["zero"]!["loss"] = new JsonObject();
        foreach (var change in changes.Chunk(2))
        {
            var names = change[0].Split('.');
            names[..^1].Aggregate((JsonNode)recipe, (node, name) => node[name]!).AsObject()[names[^1]] = JsonNode.Parse(change[1]);
        }
        return recipe.ToJsonString();
    }
}
