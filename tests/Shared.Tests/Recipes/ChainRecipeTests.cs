using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>The rules of the stages between RL stages: those that make data, and those that learn from it.</summary>
public sealed class ChainRecipeTests
{
    private const string Collect = """
        "kind": "collect", "from": "zero", "task": "add", "questions": 50, "samples": 4, "keep": 2,
        "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }
        """;

    [Fact]
    public void Load_DataStage_HasItsKindsDefaults()
    {
        var stages = RecipeLoader.Parse(With($$"""
            "cold": { {{Collect}}, "filters": { "language": "en" } }, "more": { {{Collect.Replace("collect", "rejection-sample")}} }
            """), "good.json").Recipe.Stages;
        stages["cold"].ShouldBeOfType<CollectStage>().Filters.ShouldBe(new() { Language = "en", MaxRepetition = 0.5 });
        stages["more"].ShouldBeOfType<RejectionSampleStage>().Filters.ShouldBe(new());
        stages["cold"].YieldsModel().ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"keep\": 2", "\"keep\": 5", "stages.cold.keep", "at most samples, 4")]
    [InlineData("\"questions\": 50", "\"questions\": 5, \"shards\": 6", "stages.cold.shards", "at most questions, 5")]
    [InlineData("\"questions\": 50", "\"questions\": 999999", "stages.cold.questions", "the training problems of task add")]
    [InlineData("\"minimums\": { \"accuracy/exact\": 1 }", "\"minimums\": { \"format/think-answer\": 1 }",
        "stages.cold.minimums.format/think-answer", "a name in the stage's rewards: accuracy/exact")]
    [InlineData("\"minimums\": { \"accuracy/exact\": 1 }", "\"minimums\": {}", "stages.cold.minimums", "at least one")]
    [InlineData("\"from\": \"zero\",", "", "stages.cold.from", "a string")]
    [InlineData("\"keep\": 2", "\"sampling\": { \"temperature\": 0 }", "stages.cold.samples", "1 at temperature 0")]
    [InlineData("\"keep\": 2", "\"filters\": { \"language\": \"xx\" }", "stages.cold.filters.language", "one of ar")]
    [InlineData("\"from\": \"zero\"", "\"from\": \"test\"", "stages.cold.from", "an earlier stage that yields a model: base, zero")]
    public void Load_BadDataStage_NamesFieldAndWhatIsAllowed(string old, string bad, string path, string allowed) =>
        Problem($"\"cold\": {{ {Collect.Replace(old, bad)} }}", path).Allowed.ShouldContain(allowed);

    [Fact]
    public void Load_FromADataStage_IsNotAllowed() =>
        Problem($"\"cold\": {{ {Collect} }}, \"again\": {{ \"kind\": \"evaluate\", \"from\": \"cold\", \"evaluation\": {{ \"task\": "
            + $"\"add\", \"problems\": 10 }} }}", "stages.again.from")
            .Allowed.ShouldContain("an earlier stage that yields a model: base, zero");

    [Fact]
    public void Load_Sft_HasThePapersDefaults()
    {
        var sft = RecipeLoader.Parse(With($$"""
            "cold": { {{Collect}} }, "dev1": { "kind": "sft", "from": "base", "data": ["cold"] }
            """), "good.json").Recipe.Stages["dev1"].ShouldBeOfType<SftStage>();
        (sft.Epochs, sft.BatchSize).ShouldBe((2, 64));
        sft.Optimizer.ShouldBe(new() { LearningRate = 5e-6, Schedule = LearningRateSchedule.Cosine, FinalRatio = 0.1 });
    }

    [Theory]
    [InlineData("\"data\": [\"cold\"]", "\"data\": [\"zero\"]", "stages.dev1.data[0]",
        "data sets of the layout completions, each once: cold")]
    [InlineData("\"data\": [\"cold\"]", "\"data\": [\"cold\", \"cold\"]", "stages.dev1.data[1]", "each once")]
    [InlineData("\"data\": [\"cold\"]", "\"data\": []", "stages.dev1.data", "at least one")]
    [InlineData("\"data\": [\"cold\"]", "\"epochs\": 1", "stages.dev1.data", "at least one")]
    [InlineData("\"data\": [\"cold\"]", "\"data\": [\"cold\"], \"proportions\": { \"warm\": 1 }", "stages.dev1.proportions",
        "one for each source of data, or none: cold")]
    [InlineData("\"data\": [\"cold\"]", "\"data\": [\"cold\"], \"proportions\": { \"cold\": 0 }", "stages.dev1.proportions.cold",
        "above 0")]
    [InlineData("\"data\": [\"cold\"]", "\"data\": [\"cold\"], \"batchSize\": 4, \"microBatchSize\": 8", "stages.dev1.microBatchSize",
        "at most batchSize, 4")]
    [InlineData("\"from\": \"base\"", "\"from\": \"cold\"", "stages.dev1.from", "an earlier stage that yields a model: base, zero")]
    public void Load_BadSft_NamesFieldAndWhatIsAllowed(string old, string bad, string path, string allowed)
    {
        var sft = "\"kind\": \"sft\", \"from\": \"base\", \"data\": [\"cold\"]";
        Problem($"\"cold\": {{ {Collect} }}, \"dev1\": {{ {sft.Replace(old, bad)} }}", path).Allowed.ShouldContain(allowed);
    }

    [Fact]
    public void Load_SftOnStagesAndDataSets_TakesThoseWithCompletions()
    {
        const string tasks = """
            "tasks": {
              "general": { "kind": "dataset", "files": ["blob:general.jsonl"], "layout": "completions" }, "sums": { "kind": "dataset", "files": ["blob:sums.jsonl"] },
              "cold": { "kind": "dataset", "files": ["blob:general.jsonl"], "layout": "completions" },
            """;
        const string sft = """
            "dev1": { "kind": "sft", "from": "base", "data": ["rejected", "general"], "proportions": { "rejected": 600, "general": 200 } }
            """;
        var rejected = $"\"rejected\": {{ {Collect} }}";
        string Json(string stages) => With(stages).Replace("\"tasks\": {", tasks);
        RecipeLoader.Parse(Json($"{rejected}, {sft}"), "x").Recipe.Stages["dev1"].ShouldBeOfType<SftStage>()
            .Data.ShouldBe(["rejected", "general"]);
        RecipeSamples.Fails(Json($"{rejected}, {sft.Replace("general", "sums")}"))
            .Problems.ShouldContain(problem =>
                problem.Path == "stages.dev1.data[1]" && problem.Allowed.Contains("rejected, general, cold"));
        RecipeSamples.Fails(Json($"\"cold\": {{ {Collect} }}, {sft.Replace("rejected", "cold")}")).Problems.ShouldHaveSingleItem()
            .Allowed.ShouldContain("only one of them has");
    }

    [Theory]
    [InlineData("""{ "kind": "template", "summary": "{prompt} = {answer}" }""", null, null)]
    [InlineData("""{ "kind": "model", "from": "base", "instruction": "Rewrite {draft}" }""", null, null)]
    [InlineData("""{ "kind": "model", "from": "late" }""", "stages.cold.rewrite.from", "an earlier stage that yields a model: base, zero")]
    [InlineData("""{ "kind": "model", "instruction": "Rewrite it." }""", "stages.cold.rewrite.instruction", "{draft}")]
    [InlineData("""{ "kind": "model", "prompt": { "template": "chat" } }""", "stages.cold.rewrite.prompt.template", "plain")]
    [InlineData("""{ "kind": "template", "summary": "So." }""", "stages.cold.rewrite.summary", "{answer}")]
    [InlineData("""{ "kind": "by-hand" }""", "stages.cold.rewrite.kind", "one of template, model")]
    public void Load_Rewrite_IsCheckedAsWell(string rewrite, string? path, string? allowed)
    {
        var stages = $"\"cold\": {{ {Collect}, \"rewrite\": {rewrite} }}";
        if (path is not null) Problem(stages, path).Allowed.ShouldContain(allowed!);
        else RecipeLoader.Parse(RecipeLoader.Parse(With(stages), "x").ResolvedJson, "again").Recipe.Stages["cold"]
            .ShouldBeOfType<CollectStage>().Rewrite.ShouldNotBeNull();
    }

    private const string Distill = """
        "kind": "distill", "data": ["cold"], "batchSize": 32, "optimizer": { "learningRate": 2e-5, "schedule": "cosine", "warmupSteps": 3 },
        "students": { "half": { "from": "base", "learningRate": 1e-4, "epochs": 4 }, "tiny": { "from": "zero", "optimizer": { "learningRate": 1e-3 } } }
        """;

    [Fact]
    public void Load_Distill_ExpandsIntoATrainingOfEachStudent()
    {
        var recipe = RecipeLoader.Parse(With($$"""
            "cold": { {{Collect}} }, "distill": { {{Distill}} }, "last": { "kind": "evaluate", "from": "distill/half", "evaluation": { "task": "add", "problems": 10 } }
            """), "good.json").Recipe;
        recipe.Stages["distill"].Models("distill").ShouldBe(["distill/half", "distill/tiny"]);
        var stages = recipe.Expand().Stages;
        stages.Keys.ShouldBe(["base", "zero", "test", "cold", "distill/half", "distill/tiny", "last"]);
        var half = stages["distill/half"].ShouldBeOfType<SftStage>();
        (half.From, half.Epochs, half.BatchSize, half.SaveEvery).ShouldBe(("base", 4, 32, 100));
        half.Data.ShouldBe(["cold"]);
        half.Optimizer.ShouldBe(new() { LearningRate = 1e-4, Schedule = LearningRateSchedule.Cosine, WarmupSteps = 3 });
        var tiny = stages["distill/tiny"].ShouldBeOfType<SftStage>();
        (tiny.From, tiny.Epochs).ShouldBe(("zero", 2));
        tiny.Optimizer.ShouldBe(new() { LearningRate = 1e-3 });
        recipe.Expand().Expand().Stages.Keys.ShouldBe(stages.Keys);
    }

    [Theory]
    [InlineData("\"data\": [\"cold\"]", "\"data\": [\"zero\"]", "stages.distill.data[0]",
        "data sets of the layout completions, each once: cold")]
    [InlineData("\"from\": \"base\"", "\"from\": \"cold\"", "stages.distill.students.half.from",
        "an earlier stage that yields a model: base, zero")]
    [InlineData("\"from\": \"base\"", "\"from\": \"distill/tiny\"", "stages.distill.students.half.from",
        "an earlier stage that yields a model: base, zero")]
    [InlineData("\"from\": \"base\",", "", "stages.distill.students.half.from", "a string")]
    [InlineData("\"half\"", "\"Half/2\"", "stages.distill.students.Half/2", "lower-case letters")]
    [InlineData("\"epochs\": 4", "\"optimizer\": { \"learningRate\": 1 }", "stages.distill.students.half.learningRate",
        "left out beside optimizer")]
    [InlineData("\"epochs\": 4", "\"microBatchSize\": 33", "stages.distill.students.half.microBatchSize", "here they are 33 and 32")]
    [InlineData("\"batchSize\": 32", "\"from\": \"base\"", "stages.distill.from", "one of kind")]
    [InlineData("\"batchSize\": 32", "\"prompt\": { \"template\": \"chat\" }", "stages.distill.prompt.template", "plain")]
    public void Load_BadDistill_NamesFieldAndWhatIsAllowed(string old, string bad, string path, string allowed) =>
        Problem($"\"cold\": {{ {Collect} }}, \"distill\": {{ {Distill.Replace(old, bad)} }}", path).Allowed.ShouldContain(allowed);

    [Theory]
    [InlineData("distill")] // as a whole
    [InlineData("distill/hlf")]
    public void Load_FromNoStudent_NamesTheStudents(string from) =>
        Problem($"\"cold\": {{ {Collect} }}, \"distill\": {{ {Distill} }}, \"again\": {{ \"kind\": \"evaluate\", \"from\": \"{from}\", "
            + $"\"evaluation\": {{ \"task\": \"add\", \"problems\": 10 }} }}", "stages.again.from")
            .Allowed.ShouldContain("base, zero, distill/half, distill/tiny");

    private static RecipeProblem Problem(string stages, string path) =>
        RecipeSamples.Fails(With(stages)).Problems.Where(problem => problem.Path == path).ShouldHaveSingleItem();

    private static string With(string stages) => RecipeSamples.Good
        .Replace("\"problems\": 100 } }\n", $"\"problems\": 100 }} }}, {stages}\n", StringComparison.Ordinal);
}
