using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Collecting;
using R1Cloud.GpuJob.Rewriting;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tests.Rewriting;

public sealed class RewritingTests : IDisposable
{
    private readonly JobRunner jobs = new();

    private static CollectStage Stage { get; } = new()
    {
        Task = "addition", Questions = 60, Samples = 4, Keep = 2, Rewards = JobRunner.Rl.Rewards, Filters = new(),
        Minimums = new Dictionary<string, double> { ["accuracy/exact"] = 1, ["format/think-answer"] = 1 },
    };

    public void Dispose() => jobs.Dispose();

    [Theory]
    [InlineData("  a   b\t c  \r\n\r\n\r\n\r\n d ", "a b c\n\n d")]
    [InlineData("a  b\n```\nx  =  1\n\n\n\ny\n```\nc  d", "a b\n```\nx  =  1\n\n\n\ny\n```\nc d")]
    public void Normalise_Text_KeepsWordsCodeAndIndentation(string text, string clean) => ReadableText.Normalise(text).ShouldBe(clean);

    [Theory]
    [InlineData("One is here. Two is there. Three.", 14, new[] { "One is here.", "Two is there.", "Three." })]
    [InlineData("One is here. Two is there. Three.", 30, new[] { "One is here. Two is there.", "Three." })]
    [InlineData("We add, e.g. this and that. Then we stop.", 30, new[] { "We add, e.g. this and that.", "Then we stop." })]
    [InlineData("先算个位。再算十位！最后相加。", 6, new[] { "先算个位。", "再算十位！", "最后相加。" })]
    [InlineData("7+3=10;5+8=13;13+1=14", 8, new[] { "7+3=10;", "5+8=13;", "13+1=14" })]
    [InlineData("a sentence that is far too long and has no end", 10, new[] { "a sentence that is far too long and has no end" })]
    [InlineData("short\n\nalso short", 10, new[] { "short", "also short" })]
    [InlineData("Pi is 3.14 here. And there.", 0, new[] { "Pi is 3.14 here. And there." })]
    public void Paragraphs_TooLong_AreCutWhereASentenceEnds(string text, int most, string[] paragraphs) =>
        ReadableText.Paragraphs(text, most).ShouldBe(paragraphs);

    [Theory]
    [InlineData("<think> 2  and 2. Makes 4.</think> junk <answer>4</answer>", "<think>2 and 2.\n\nMakes 4.</think>2+2 is 4")]
    [InlineData("2 and 2.</think><answer>4</answer>", "2 and 2.</think>2+2 is 4")]
    [InlineData("So it is 4", "<think>So it is 4</think>2+2 is 4")]
    public void Text_Draft_BecomesThinkingAndSummary(string draft, string text) =>
        new TemplateRewriter(new() { MaxParagraph = 9, Summary = "{prompt} is {answer}" }, null!).Text(draft, "4", "2+2").ShouldBe(text);

    [Fact]
    public void Text_WithBracesInTheProblem_LeavesThemAsTheyAre() =>
        new TemplateRewriter(new() { Summary = "{prompt} is {answer}" }, null!).Text("x", "4", "what is {answer}?")
            .ShouldBe("<think>x</think>what is {answer}? is 4");

    [Fact]
    public async Task Sample_TemplateRewrite_YieldsJudgedRowsThatDoNotDependOnShards()
    {
        await jobs.PretrainAsync();
        var stage = Stage with { Questions = 150, Minimums = new Dictionary<string, double> { ["format/think-answer"] = 1 },
            Rewrite = new TemplateRewrite { MaxParagraph = 9, Separator = ";" } };
        var whole = await SampleAsync(stage, 0, 150);
        var rows = await RowsAsync(whole);
        jobs.Restart();
        var parts = (await RowsAsync(await SampleAsync(stage, 0, 70))).Concat(await RowsAsync(await SampleAsync(stage, 70, 80)));

        rows.Count.ShouldBeGreaterThan(0);
        rows.Count(row => row.Completion.Contains(";;") && !row.Draft!.Contains(";;")).ShouldBeGreaterThan(5, "steps stand apart now");
        rows.ShouldAllBe(row =>
            row.Draft != null && row.Completion.Split("</think>")[1] == row.Draft.Split("</think>")[1]
            && row.Verdicts["format/think-answer"] == 1);
        whole.Metrics[MetricNames.SamplesRewritten].ShouldBe(rows.Count);
        Accounts(whole);
        CompletionRow.ToJsonLines(parts).ToString().ShouldBe(CompletionRow.ToJsonLines(rows).ToString());
    }

    [Fact]
    public async Task Sample_RewrittenToSomethingWorse_IsDroppedAndCounted()
    {
        await jobs.PretrainAsync();
        // The summary lacks its tags, and format is a minimum.
        var outcome =
            await SampleAsync(Stage with { Questions = 150, Rewrite = new TemplateRewrite { Separator = "", Summary = "{answer}" } }, 0,
                150);
        outcome.Metrics[MetricNames.SamplesKept].ShouldBe(0);
        outcome.Metrics[MetricNames.SamplesDropped + "rewrite/below/accuracy/exact"].ShouldBeGreaterThan(0);
        Accounts(outcome);
    }

    [Fact]
    public async Task Sample_SummaryThatTheTokenizerCannotWrite_NamesTheField()
    {
        await jobs.PretrainAsync();
        (await Should.ThrowAsync<BadInputException>(() =>
            SampleAsync(Stage with { Questions = 150, Rewrite = new TemplateRewrite { Summary = "So: {answer}" } }, 0, 150)))
            .Message.ShouldContain("rewrite.summary");
    }

    [Fact]
    public async Task Sample_ModelRewrite_IsJudgedAgainAndDoesNotDependOnShards()
    {
        await jobs.PretrainAsync();
        // The only thing that this model can be asked is the problem: it solves it from the start.
        var stage = Stage with { Questions = 150,
            Rewrite = new ModelRewrite { Instruction = "{prompt}", Sampling = new() { MaxNewTokens = 40 } } };
        var whole = await SampleAsync(stage, 0, 150);
        var rows = await RowsAsync(whole);
        jobs.Restart();
        var parts = (await RowsAsync(await SampleAsync(stage, 0, 70))).Concat(await RowsAsync(await SampleAsync(stage, 70, 80)));

        rows.ShouldAllBe(row => row.Completion.EndsWith($"<answer>{row.Answer}</answer>"));
        whole.Metrics.Where(metric => metric.Key.StartsWith(MetricNames.SamplesDropped + MetricNames.Rewrite, StringComparison.Ordinal))
            .Sum(metric => metric.Value).ShouldBeGreaterThan(0, "a model that errs does so here too");
        Accounts(whole);
        CompletionRow.ToJsonLines(parts).ToString().ShouldBe(CompletionRow.ToJsonLines(rows).ToString());
    }

    [Fact]
    public async Task Sample_ModelRewriteWithoutRoom_IsDroppedAndCounted()
    {
        await jobs.PretrainAsync();
        var outcome =
            await SampleAsync(
                Stage with { Questions = 150,
                    Rewrite = new ModelRewrite { Instruction = "{prompt}{draft}", Sampling = new() { MaxNewTokens = 90 } } }, 0, 150);
        outcome.Metrics[MetricNames.SamplesDropped + "rewrite/no-room"].ShouldBeGreaterThan(0);
        Accounts(outcome);
    }

    private static void Accounts(JobOutcome outcome) =>
        (outcome.Metrics[MetricNames.SamplesKept]
            + outcome.Metrics.Where(metric => metric.Key.StartsWith(MetricNames.SamplesDropped, StringComparison.Ordinal))
            .Sum(metric => metric.Value))
            .ShouldBe(outcome.Metrics[MetricNames.Samples], "every sample is kept or has a reason");

    private Task<JobOutcome> SampleAsync(CollectStage stage, int first, int count) =>
        jobs.RunAsync(models => new SampleHandler(models), new SampleJob
    {
        Seed = 3, Stage = "collect", Settings = stage, Task = JobRunner.Task, Checkpoint = "base/", FirstQuestion = first,
            QuestionCount = count, Output = $"data/{first}-{count}",
    });

    private async Task<IReadOnlyList<CompletionRow>> RowsAsync(JobOutcome outcome) =>
        CompletionRow.Parse((await jobs.Blobs.TryReadAsync(outcome.Outputs["data"]))!, "data");
}
