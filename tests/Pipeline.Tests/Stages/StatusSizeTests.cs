using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Custom statuses are bounded, and the API answers in full all the same.</summary>
public class StatusSizeTests
{
    private const int LongestName = 40;
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private static readonly TimeBreakdown Long = new() { Wall = 1e8 / 3, Generation = 1e7 / 3, Reward = 1e6 / 3, Update = 2e7 / 3,
        Storage = 1e5 / 3 };

    public static TheoryData<StageStatus, string?> Ends =>
        new() { { StageStatus.Pending, null }, { StageStatus.Evaluating, null }, { StageStatus.Completed, null },
            { StageStatus.Failed, "no\"" }, { StageStatus.Failed, new string('x', 50_000) },
            { StageStatus.Failed, new string('ß', 9_000) } };

    [Theory, MemberData(nameof(Ends))]
    public void RunStatus_FiftyStagesWithTheLongestNames_Fits(StageStatus status, string? error)
    {
        foreach (var names in new[] { Names(50), [.. Names(50).Select(name => ModelNames.Student(new string('d', LongestName), name))] })
        {
            var marks = names.Select(name => new StageMark(name, status, Start.AddDays(900.123456), Start.AddDays(901.654321), error))
                .ToList();

            var json = JsonSerializer.Serialize(RunProgress.Of(marks, Long, Start, Start.AddDays(902)), R1Json.Options);

            json.Length.ShouldBeLessThanOrEqualTo(CustomStatus.MaxCharacters);
            var read = JsonSerializer.Deserialize<RunProgress>(json, R1Json.Options)!.Marks;
            read.Select(mark => (mark.Name, mark.Status)).ShouldBe(marks.Select(mark => (mark.Name, mark.Status)));
            read.ShouldAllBe(mark => Math.Abs((mark.StartedAt!.Value - marks[0].StartedAt!.Value).TotalMilliseconds) <= 0.5);
            if (error is { Length: < 5 }) read.ShouldAllBe(mark => mark.Error == error);
        }
    }

    [Fact]
    public void RunStatus_OneError_IsCutWhereThereIsNoRoomAndRestoredByTheRunsOwn()
    {
        var error = string.Concat(Enumerable.Range(0, 5_000).Select(number => $"{number} 😀 "));
        var read = RoundTrip(RunProgress.Of([new("a", StageStatus.Failed, Start, Start, error), new("b")], Long, Start, null)).Marks;

        read[0].Error!.Length.ShouldBeInRange(500, CustomStatus.MaxCharacters);
        error.ShouldStartWith(read[0].Error![..^1]);
        char.IsHighSurrogate(read[0].Error![^2]).ShouldBeFalse();
        read[1].Error.ShouldBeNull();
        StageColumns.Restored(read[0].Error, error).ShouldBe(error);
        StageColumns.Restored(read[0].Error, "another").ShouldBe(read[0].Error);
        StageColumns.Restored("all of it", "another").ShouldBe("all of it");
    }

    [Theory]
    [InlineData(40, 77)]
    [InlineData(10, 119)]
    public void Check_MoreStagesThanFit_AreRefusedAndThoseThatDoFit(int length, int most)
    {
        TestRecipes.Load(Recipe(length, most)).Recipe.Stages.Count.ShouldBe(most);
        var marks = Names(most, length)
            .Select(name => new StageMark(name, StageStatus.Failed, Start.AddDays(900.123456), Start.AddDays(901.654321), "no more"))
            .ToList();
        var json = JsonSerializer.Serialize(RunProgress.Of(marks, Long, Start, Start.AddDays(902)), R1Json.Options);
        json.Length.ShouldBeLessThanOrEqualTo(CustomStatus.MaxCharacters);

        var refused = Should.Throw<RecipeException>(() => TestRecipes.Load(Recipe(length, most + 1)));

        refused.Problems.ShouldHaveSingleItem().Path.ShouldBe("stages");
        refused.Message.ShouldContain($"{most + 1} stages");
    }

    [Fact]
    public void Jobs_OfManyShards_AreAFewEntriesAndTheSameJobs()
    {
        string[] ids =
        [
            .. Enumerable.Range(0, 1024).Select(shard => JobId.Create("rl~2", 7, JobKinds.Rollout, shard)),
                .. Enumerable.Range(0, 3).Select(shard => JobId.Create("rl~2", 7, "gradient-3", shard)),
            JobId.Create("rl~2", 8, JobKinds.Update), JobId.Create("rl~2", 7, JobKinds.Rollout, 5),
                JobId.Create("rl~2", 7, JobKinds.Rollout, 7),
        ];

        var entries = JobRanges.Of(ids);

        entries.ShouldBe(
            ["rl~2/000007/rollout/0-1023", "rl~2/000007/gradient-3/0-2", "rl~2/000008/update/0", "rl~2/000007/rollout/5",
                "rl~2/000007/rollout/7"]);
        JobRanges.Expand(entries).ShouldBe(ids);
        JobRanges.Expand(ids).ShouldBe(ids, "version 1 lists every job");
    }

    [Fact]
    public async Task Run_OfManyShardsFiguresAndStudents_PublishesSmallStatusesAndShowsEverything()
    {
        await using var host = new PipelineHost();
        var many = Enumerable.Range(0, 250).ToDictionary(number => $"figures/of/some/length/{number}", number => (double)number);
        host.Pool.OnResult = result => result with { Metrics = result.Metrics.Concat(many).ToDictionary() };
        var held = new TaskCompletionSource();
        host.Pool.OnJob = job =>
            job.JobId.StartsWith("rl/000001/rollout/", StringComparison.Ordinal) || job.Payload is SftJob ? held.Task : Task.CompletedTask;
        var students = string.Join(", ", Names(12).Select(name => $$"""
            "{{name}}": { "from": "base" }
            """));
        await host.Runs.CreateAsync(TestRecipes.Load(ChainTests.Recipe($$"""
            "rl": { "kind": "rl", "from": "base", "task": "addition", "iterations": 2, "questions": 40, "shards": 40, "groupSize": 2, "miniBatches": 1, "rewards": { "accuracy/exact": 1 } },
            "picked": { "kind": "collect", "from": "base", "task": "addition", "questions": 4, "samples": 2, "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 } },
            "{{new string('d', LongestName)}}": { "kind": "distill", "data": ["picked"], "students": { {{students}} } }
            """)), "wide", null);

        var view = await host.WaitAsync("wide",
            run => run.Stages[1].Done == 1 && run.Stages[1].Phase == JobKinds.Rollout && run.Stages[1].Metrics.Count > 0);
        view.Stages[0].Metrics.Keys.ShouldContain("figures/of/some/length/249");
        view.Stages[0].Metrics.ShouldContainKey(MetricNames.EvalPassAt1);
        view.Stages[1].Metrics["figures/of/some/length/249"].ShouldBe(249);
        view.Stages[1].Metrics.ShouldContainKey(MetricNames.TimeStep);
        held.SetResult();

        (await host.WaitAsync("wide", RunStatus.Completed)).Stages.ShouldAllBe(stage => stage.Metrics.Count >= 250);
        (await StatusesAsync(host)).ShouldAllBe(status => status.Length <= CustomStatus.MaxCharacters);
        (await host.Runs.GetAsync("wide")).Stages.Count(stage => stage.Metrics.ContainsKey(MetricNames.EvalPassAt1)).ShouldBe(14);
    }

    private static async Task<List<string>> StatusesAsync(PipelineHost host)
    {
        var statuses = new List<string>();
        foreach (var id in new[] { "wide", "wide:rl", "wide:rl:0", "wide:rl:1", "wide:picked" })
            statuses.Add((await host.Engine.GetAsync(id))!.CustomStatus!.Value.GetRawText());
        return statuses;
    }

    private static RunProgress RoundTrip(RunProgress progress) =>
        JsonSerializer.Deserialize<RunProgress>(JsonSerializer.Serialize(progress, R1Json.Options), R1Json.Options)!;

    private static List<string> Names(int count, int length = LongestName) =>
        [.. Enumerable.Range(0, count).Select(number => $"s{number}-".PadRight(length, 'x'))];

    private static string Recipe(int length, int stages)
    {
        var names = Names(stages, length);
        var rest = string.Join(", ", names.Skip(1).Select(name => $$"""
            "{{name}}": { "kind": "evaluate", "from": "{{names[0]}}", "evaluation": { "task": "addition", "problems": 2, "samples": 1, "rewards": { "accuracy/exact": 1 } } }
            """));
        return $$"""
            {
              "name": "many", "tasks": { "addition": { "kind": "arithmetic" } },
              "stages": { "{{names[0]}}": { "kind": "pretrain", "task": "addition", "steps": 2, "optimizer": { "warmupSteps": 1 } }, {{rest}} }
            }
            """;
    }
}
