using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>The rules of an RL stage with several prompt sources, and of the options that later practice added.</summary>
public sealed class SourcesRecipeTests
{
    private const string Simple = "\"task\": \"add\",\n      \"iterations\"",
        Rewards = "\"rewards\": { \"accuracy/exact\": 1, \"format/think-answer\": 0.5 },";

    private const string Sources = """
        "sources": {
          "sums": { "task": "add", "share": 3, "rewards": { "accuracy/exact": 1 } },
          "forms": { "task": "add", "fromIteration": 4, "rewards": { "format/think-answer": 1 } }
        },
        """;

    /// <summary>A good recipe whose RL stage has two sources.</summary>
    public static string Good => With(Sources);

    public static TheoryData<string> Presets => [.. RecipePresets.Names];

    [Fact]
    public void Parse_Sources_TakeThePlaceOfTaskAndRewards()
    {
        var loaded = RecipeLoader.Parse(With(Sources), "x");
        var rl = (RlStage)loaded.Recipe.Stages["zero"];
        rl.Task.ShouldBeNull();
        rl.PromptSources().Select(source => (source.Name, source.Source.Share, source.Source.FromIteration))
            .ShouldBe([("forms", 1, 4), ("sums", 3, 0)]);
        rl.Sources["forms"].Rewards.Keys.ShouldBe(["format/think-answer"]);
        RecipeLoader.Parse(loaded.ResolvedJson, "again").Hash.ShouldBe(loaded.Hash);
        RecipeCheck.Summarize(loaded).Stages[1]
            .Samples.ShouldBe(RecipeCheck.Summarize(RecipeLoader.Parse(RecipeSamples.Good, "x")).Stages[1].Samples);
    }

    [Fact]
    public void Parse_OneTask_IsOneSourceWithoutAName()
    {
        var rl = (RlStage)RecipeLoader.Parse(RecipeSamples.Good, "x").Recipe.Stages["zero"];
        var (name, source) = rl.PromptSources().ShouldHaveSingleItem();
        (name, source.Task, source.Rewards).ShouldBe(("", "add", rl.Rewards));
    }

    [Fact]
    public void Parse_BothForms_NamesWhatIsTooMuch()
    {
        var problems = RecipeSamples.Fails(RecipeSamples.Good.Replace(Simple, Sources + Simple, StringComparison.Ordinal)).Problems;
        problems.Select(problem => problem.Path).ShouldBe(["stages.zero.task", "stages.zero.rewards"]);
        problems.ShouldAllBe(problem =>
            problem.Message.Contains("has no place beside \"sources\"") && problem.Allowed.Contains("null takes away"));
    }

    [Fact]
    public void Parse_NeitherForm_NamesWhatIsMissing()
    {
        var problems = RecipeSamples.Fails(With("")).Problems;
        problems.Select(problem => (problem.Path, problem.Message))
            .ShouldBe([("stages.zero.task", "\"task\" is missing"), ("stages.zero.rewards", "\"rewards\" is missing")]);
        problems.ShouldAllBe(problem => problem.Allowed.Contains("or \"sources\" in place of \"task\" and \"rewards\""));
    }

    [Fact]
    public void Parse_SourcesInPlaceOfAPresetsRewards_NullTakesThoseAway()
    {
        const string Recipe = """
            { "extends": "r1-zero", "name": "n", "tasks": { "t": { "kind": "arithmetic" } },
              "stages": { "base": { "kind": "pretrain", "task": "t", "model": { "maxPositions": 40000 } }, "r1-zero": { "from": "base", "rewards": null, "sources": { "one": { "task": "t", "rewards": { "accuracy/exact": 1 } } } } } }
            """;
        ((RlStage)RecipeLoader.Parse(Recipe, "x").Recipe.Stages["r1-zero"]).Rewards.ShouldBeEmpty();
        RecipeSamples.Fails(Recipe.Replace("\"rewards\": null, ", "", StringComparison.Ordinal)).Problems.ShouldHaveSingleItem()
            .Path.ShouldBe("stages.r1-zero.rewards");
    }

    [Theory]
    [InlineData("\"share\": 3", "\"share\": 0", "stages.zero.sources.sums.share", "above 0")]
    [InlineData("\"share\": 3", "\"share\": 1000", "stages.zero.sources.forms.share", "at least one of 8 questions comes from forms")]
    [InlineData("\"fromIteration\": 4", "\"fromIteration\": 10", "stages.zero.sources.forms.fromIteration", "below iterations, 10")]
    [InlineData("\"share\": 3", "\"fromIteration\": 2", "stages.zero.sources", "a source with fromIteration 0")]
    [InlineData("\"task\": \"add\", \"share\"", "\"task\": \"ad\", \"share\"", "stages.zero.sources.sums.task", "a name in \"tasks\": add")]
    [InlineData("{ \"accuracy/exact\": 1 }", "{ \"accuracy/exact\": 0 }", "stages.zero.sources.sums.rewards",
        "at least one weight that is not 0")]
    [InlineData("{ \"accuracy/exact\": 1 }", "{}", "stages.zero.sources.sums.rewards", "at least one")]
    [InlineData(", \"rewards\": { \"accuracy/exact\": 1 }", "", "stages.zero.sources.sums.rewards", "at least one")]
    [InlineData("{ \"accuracy/exact\": 1 }", "{ \"length/cosine\": 1 }", "stages.zero.sources.sums.rewards.length/cosine",
        "beside an accuracy reward")]
    [InlineData("\"sums\"", "\"Sums\"", "stages.zero.sources.Sums", "lower-case letters")]
    [InlineData("\"share\": 3", "\"shared\": 3", "stages.zero.sources.sums.shared", "share")]
    public void Parse_BadSource_NamesFieldAndWhatIsAllowed(string old, string bad, string path, string allowed)
    {
        var problem = RecipeSamples.Fails(With(Sources.Replace(old, bad, StringComparison.Ordinal))).Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Allowed).ShouldSatisfyAllConditions(it => it.Path.ShouldBe(path), it => it.Allowed.ShouldContain(allowed));
    }

    [Theory]
    [InlineData("\"dynamicSampling\": { \"maxRounds\": 1 },", "stages.zero.dynamicSampling.maxRounds", "at least 2")]
    [InlineData("\"dynamicSampling\": true,", "stages.zero.dynamicSampling", "an object with maxRounds")]
    public void Parse_BadDynamicSampling_NamesFieldAndWhatIsAllowed(string field, string path, string allowed)
    {
        var problem = RecipeSamples.Fails(RecipeSamples.Good.Replace(Rewards, field + Rewards, StringComparison.Ordinal))
            .Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Allowed).ShouldSatisfyAllConditions(it => it.Path.ShouldBe(path), it => it.Allowed.ShouldContain(allowed));
    }

    [Theory]
    [InlineData("\"curriculum\": { \"low\": 0.9, \"high\": 0.9 },", "stages.zero.curriculum.high", "above low, 0.9")]
    [InlineData("\"curriculum\": { \"explore\": 1 },", "stages.zero.curriculum.explore", "below 1")]
    [InlineData("\"curriculum\": { \"low\": -0.1 },", "stages.zero.curriculum.low", "at least 0")]
    public void Parse_BadCurriculum_NamesFieldAndWhatIsAllowed(string field, string path, string allowed)
    {
        var problem = RecipeSamples.Fails(RecipeSamples.Good.Replace(Rewards, field + Rewards, StringComparison.Ordinal))
            .Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Allowed).ShouldSatisfyAllConditions(it => it.Path.ShouldBe(path), it => it.Allowed.ShouldContain(allowed));
    }

    [Fact]
    public void Parse_CurriculumWithoutAnAccuracyReward_NamesTheSource()
    {
        var json = RecipeSamples.Good.Replace(Rewards, "\"curriculum\": {}, \"rewards\": { \"format/think-answer\": 1 },",
            StringComparison.Ordinal);
        var problem = RecipeSamples.Fails(json).Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Allowed).ShouldSatisfyAllConditions(it => it.Path.ShouldBe("stages.zero.rewards"),
            it => it.Allowed.ShouldContain("an accuracy reward among them"));
    }

    [Fact]
    public void Summarize_DynamicSampling_CountsTheMostThatItMayTake()
    {
        StageSummary Rl(string field) =>
            RecipeCheck.Summarize(RecipeLoader.Parse(RecipeSamples.Good.Replace(Rewards, field + Rewards, StringComparison.Ordinal), "x"))
            .Stages[1];
        var (plain, dynamic) = (Rl(""), Rl("\"dynamicSampling\": { \"maxRounds\": 4 },"));
        (dynamic.Jobs - plain.Jobs, dynamic.Samples - plain.Samples)
            .ShouldBe((3 * 10 * 2, 3 * 10 * 8 * 4), "three more rounds in each of ten iterations");
    }

    [Fact]
    public void Parse_CispoWithAClipInPlaceOfACap_SaysWhatItIs() =>
        RecipeSamples.Fails(RecipeSamples.Good.Replace("\"name\": \"grpo\"", "\"name\": \"cispo\"", StringComparison.Ordinal))
            .Problems.ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(it => it.Path.ShouldBe("stages.zero.loss.clipHigh"),
                it => it.Allowed.ShouldContain("the cap on the ratio itself"));

    [Theory]
    [MemberData(nameof(Presets))]
    public void Check_RecipeThatExtendsAPreset_IsGood(string preset)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("presets").FullName, "recipe.json");
        File.WriteAllText(file, $$"""
            { "extends": "{{preset}}", "name": "n", "tasks": { "t": { "kind": "arithmetic" } },
              "stages": { "base": { "kind": "pretrain", "task": "t", "model": { "maxPositions": 40000 } }, "r1-zero": { "task": "t", "from": "base" } } }
            """);
        RecipeCheck.Run(file, DatasetReader.Instance).Problems.ShouldBeEmpty();
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public void Presets_OfLaterPractice_HaveTheirPapersSettings()
    {
        var dapo = Preset("dapo");
        (dapo.Loss.Name, dapo.Loss.ClipLow, dapo.Loss.ClipHigh, dapo.Loss.KlWeight).ShouldBe(("dapo", 0.2, 0.28, 0));
        dapo.DynamicSampling.ShouldNotBeNull();
        dapo.Rewards.Keys.ShouldBe(["accuracy/exact", "length/overlong"], ignoreOrder: true);
        (Preset("dr-grpo").Loss.Name, Preset("dr-grpo").Loss.AdvantageScale).ShouldBe(("dr-grpo", AdvantageScale.None));
        (Preset("gspo").Loss.Name, Preset("gspo").Loss.ClipLow, Preset("gspo").Loss.ClipHigh).ShouldBe(("gspo", 3e-4, 4e-4));
        (Preset("cispo").Loss.Name, Preset("cispo").Loss.ClipHigh).ShouldBe(("cispo", 5));
        (Preset("rloo").Loss.AdvantageBaseline, Preset("rloo").Loss.AdvantageScale, Preset("rloo").MiniBatches)
            .ShouldBe((AdvantageBaseline.LeaveOneOut, AdvantageScale.None, 1));
        Preset("r1-zero").Loss.AdvantageBaseline.ShouldBe(AdvantageBaseline.GroupMean);

        static RlStage Preset(string name) => (RlStage)RecipeLoader.Parse($$"""
            { "extends": "{{name}}", "name": "n", "tasks": { "t": { "kind": "arithmetic" } },
              "stages": { "base": { "kind": "pretrain", "task": "t", "model": { "maxPositions": 40000 } }, "r1-zero": { "task": "t", "from": "base" } } }
            """, "x").Recipe.Stages["r1-zero"];
    }

    private static string With(string sources) =>
        RecipeSamples.Good.Replace(Simple, sources + "\"iterations\"", StringComparison.Ordinal)
        .Replace(Rewards, "", StringComparison.Ordinal);
}
