using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Jobs.Collecting;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tests.Jobs;

public sealed class SampleJobTests : IDisposable
{
    private readonly JobRunner jobs = new();

    private static RejectionSampleStage Stage { get; } = new()
    {
        Task = "addition",
        Questions = 40,
        Samples = 6,
        Keep = 2,
        Rewards = JobRunner.Rl.Rewards,
        Minimums = new Dictionary<string, double> { ["format/think-answer"] = 1 },
    };

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Sample_InShards_KeepsTheSameRowsAsWhole()
    {
        await jobs.PretrainAsync();
        var whole = await RowsAsync(await SampleAsync(Stage));
        jobs.Restart();
        var second = await RowsAsync(await SampleAsync(Stage, first: 25, count: 15));
        var first = await RowsAsync(await SampleAsync(Stage, first: 0, count: 25));

        whole.Count.ShouldBeGreaterThan(10);
        Lines(first.Concat(second)).ShouldBe(Lines(whole));
    }

    [Fact]
    public async Task Sample_Minimums_KeepOnlyWhatReachesThemAndAccountForTheRest()
    {
        await jobs.PretrainAsync();
        var outcome =
            await SampleAsync(
                Stage with { Questions = 150,
                    Minimums = new Dictionary<string, double> { ["accuracy/exact"] = 1, ["format/think-answer"] = 1 } });
        var rows = await RowsAsync(outcome);

        rows.Count.ShouldBeGreaterThan(0);
        rows.ShouldAllBe(row => row.Verdicts["accuracy/exact"] == 1 && row.Completion.EndsWith($"<answer>{row.Answer}</answer>"));
        rows.GroupBy(row => row.Prompt)
            .ShouldAllBe(question =>
                question.Count() <= 2 && question.Select(row => row.Completion).Distinct().Count() == question.Count());
        outcome.Metrics[MetricNames.SamplesKept].ShouldBe(rows.Count);
        outcome.Metrics[MetricNames.SamplesDropped + "below/accuracy/exact"].ShouldBeGreaterThan(0);
        var dropped = outcome.Metrics.Where(metric => metric.Key.StartsWith(MetricNames.SamplesDropped, StringComparison.Ordinal))
            .Sum(metric => metric.Value);
        (rows.Count + dropped).ShouldBe(outcome.Metrics[MetricNames.Samples], "every sample is kept or has a reason");
        (outcome.Metrics[MetricNames.Questions] + outcome.Metrics[MetricNames.QuestionsRepeated]).ShouldBe(150);
    }

    [Fact]
    public async Task Sample_FewProblems_AsksEachOnce()
    {
        await jobs.PretrainAsync();
        var outcome =
            await SampleAsync(Stage with { Questions = 40, Samples = 1, Keep = 1 }, task: new ArithmeticTask { Digits = 1 }, first: 20,
                count: 20);
        // Forty draws out of at most a hundred problems do not all differ.
        outcome.Metrics[MetricNames.QuestionsRepeated].ShouldBeGreaterThan(0);
        outcome.Metrics[MetricNames.Samples].ShouldBe(outcome.Metrics[MetricNames.Questions]);
    }

    [Fact]
    public async Task Sample_SettingsOfAnotherKind_IsBadInput() =>
        (await Should.ThrowAsync<BadInputException>(() =>
            jobs.RunAsync(models => new SampleHandler(models), Job(Stage, 0, 1) with { Settings = JobRunner.Rl })))
            .Message.ShouldContain("RlStage");

    [Theory]
    [InlineData("<think>2+2</think><answer>4</answer>", null)]
    [InlineData("<think>```print(4)```</think><answer>4</answer>", "code-block")]
    [InlineData("<think>2+2</think><answer>4</answer>```print(4)```", null)]
    [InlineData("<think>It is four. 我们 把 两个 数 加</think><answer>4</answer>", "language")]
    [InlineData("<think>Two and two make four.</think><answer>4</answer>", null)]
    [InlineData("<think>this paragraph is far too long for a reader of forty letters</think><answer>4</answer>", "long-paragraph")]
    [InlineData("<think>it is short\n\nand this is short too\n\nand so is this</think><answer>4</answer>", null)]
    public void Judge_Text_IsDroppedForTheFirstRuleItBreaks(string text, string? reason) =>
        Selection(new() { MaxParagraph = 45, Language = "en" }).Judge([Answer(text)]).ShouldBe([reason]);

    [Theory]
    [InlineData("en", "language")]
    [InlineData("zh", null)]
    public void Judge_LanguageFromAColumn_IsTheProblems(string language, string? reason)
    {
        var answer = Answer("<think>二加二得四</think><answer>4</answer>");
        var fields = new Dictionary<string, JsonElement> { ["language"] = JsonSerializer.SerializeToElement(language) };
        Selection(new() { LanguageField = "language" }).Judge([answer with { Problem = answer.Problem with { Fields = fields } }])
            .ShouldBe([reason]);
    }

    [Fact]
    public void Judge_TruncatedUnjudgedWrongRepeating_AreDroppedForThat()
    {
        var selection = Selection(new() { MaxRepetition = 0.5 });
        selection.Judge([Answer("<answer>4", finish: FinishReason.Length)]).ShouldBe(["truncated"]);
        selection.Judge([Answer("4", dropped: true)]).ShouldBe(["unjudged"]);
        selection.Judge([Answer("5", score: 0)]).ShouldBe(["below/accuracy/exact"]);
        selection.Judge([Answer("4", tokens: [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2])]).ShouldBe(["repetition"]);
        selection.Judge([Answer("4", tokens: [1, 2, 3, 4, 5, 6, 7])]).ShouldBe([null]);
    }

    [Fact]
    public void Judge_ManyGoodOnes_KeepsTheFirstDifferentOnes() =>
        Selection(new()).Judge([Answer("a", score: 0), Answer("b"), Answer("b"), Answer("c"), Answer("d")])
            .ShouldBe(["below/accuracy/exact", null, "same", null, "surplus"]);

    [Fact]
    public void CollectStage_Filters_DropRepetitionToo() =>
        new CollectStage { Task = "addition" }.Filters.MaxRepetition.ShouldBeLessThan(1);

    private static SampleSelection Selection(SampleFilters filters) =>
        new(Stage with { Filters = filters, Minimums = new Dictionary<string, double> { ["accuracy/exact"] = 1 } });

    private static SampledAnswer Answer(string text, double score = 1, bool dropped = false, FinishReason finish = FinishReason.Stop,
        int[]? tokens = null) => new(
        new Problem("2+2", "2+2=", "4"), new GenerationResult(tokens ?? [1, 2, 3], [], [], finish), text,
        new ScoredCompletion(score, new Dictionary<string, Reward> { ["accuracy/exact"] = new(score, "") }, dropped));

    private static string[] Lines(IEnumerable<CompletionRow> rows) => CompletionRow.ToJsonLines(rows).ToString().Split('\n');

    private static SampleJob Job(StageRecipe stage, int first, int count) => new()
    {
        Seed = 3, Stage = "collect", Settings = stage, Task = JobRunner.Task, Checkpoint = "base/", FirstQuestion = first,
            QuestionCount = count, Output = $"data/{first}",
    };

    private Task<JobOutcome> SampleAsync(SampleStage stage, int first = 0, int? count = null, TaskRecipe? task = null) =>
        jobs.RunAsync(models => new SampleHandler(models),
            Job(stage, first, count ?? stage.Questions) with { Task = task ?? JobRunner.Task });

    private async Task<IReadOnlyList<CompletionRow>> RowsAsync(JobOutcome outcome) =>
        CompletionRow.Parse((await jobs.Blobs.TryReadAsync(outcome.Outputs["data"]))!, "data");
}
