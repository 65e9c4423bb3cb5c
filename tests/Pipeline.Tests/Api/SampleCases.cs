using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>Cases of sample rows by iteration.</summary>
internal static class SampleCases
{
    private const string Rows = "/api/runs/done/samples/rows?stage=r1-zero";

    public static IReadOnlyList<ApiCase> All { get; } =
    [
        new("sample sets", "GET", "/api/runs/done/samples/sets", 200)
        {
            Check = (_, body) =>
            {
                var sets = ApiCases.Read<SampleSets>(body).Sets;
                sets.Where(set => set.Source == "rollout")
                    .Select(set => (set.Stage, set.Iteration, set.Shards, set.ShardsDone, set.Updated))
                    .ShouldBe(Enumerable.Range(1, 5).Select(i => ("r1-zero", i, (int?)1, (int?)1, (bool?)true)));
                sets.Where(set => set.Source == "evaluate").Select(set => (set.Stage, set.Iteration, set.Benchmark))
                    .ShouldBe([("base", 6, "addition"), ("r1-zero", 5, "addition")]);
            },
        },
        new("sample sets: of a stage", "GET", "/api/runs/done/samples/sets?stage=base", 200)
        {
            Check = (_, body) => ApiCases.Read<SampleSets>(body).Sets.ShouldHaveSingleItem().Stage.ShouldBe("base"),
        },
        new("sample sets: none yet", "GET", "/api/runs/stuck/samples/sets", 200) { Contains = ["\"sets\":[]"] },
        new("sample sets: unknown stage", "GET", "/api/runs/done/samples/sets?stage=sft", 400) { Contains = ["base, r1-zero"] },
        new("sample sets: unknown run", "GET", "/api/runs/nobody/samples/sets", 404),

        new("sample rows: newest", "GET", Rows, 200)
        {
            Check = (_, body) =>
            {
                var rows = ApiCases.Read<SampleRows>(body);
                (rows.Iteration, rows.Total, rows.Matching, rows.Next).ShouldBe((5, 6, 6, null));
                rows.Rows.Select(row => (row.Question, row.Sample)).ShouldBe([(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
            },
        },
        new("sample rows: what the update learned from", "GET", $"{Rows}&iteration=2", 200)
        {
            Check = (_, body) =>
            {
                var rows = ApiCases.Read<SampleRows>(body).Rows;
                rows.Select(row => row.Used).ShouldBe([true, true, true, true, false, false]);
                rows.Select(row => row.Advantage).ShouldBe([1, -1, 1, -1, null, null]);
            },
        },
        new("sample rows: wrong ones of an iteration", "GET", $"{Rows}&iteration=1&correct=false&limit=1", 200)
        {
            Check = (_, body) =>
            {
                var rows = ApiCases.Read<SampleRows>(body);
                rows.Iteration.ShouldBe(1);
                rows.Matching.ShouldBeInRange(2, 5);
                rows.Rows.ShouldHaveSingleItem().Correct.ShouldBe(false);
                rows.Next.ShouldBe("1");
            },
        },
        new("sample rows: next page", "GET", $"{Rows}&limit=4&after=4", 200)
        {
            Check = (_, body) => ApiCases.Read<SampleRows>(body).Rows.Select(row => row.Question).ShouldBe([2, 2]),
        },
        new("sample rows: of a text", "GET", $"{Rows}&text=CARRY&sort=-length", 200)
        {
            Check = (_, body) => ApiCases.Read<SampleRows>(body).Rows.ShouldAllBe(row => row.Completion.Contains("carry")),
        },
        new("sample rows: of an evaluation", "GET", "/api/runs/done/samples/rows?stage=base&source=evaluate", 200)
        {
            Contains = ["\"benchmark\":\"addition\"", "\"iteration\":6"],
        },
        new("sample rows: no stage", "GET", "/api/runs/done/samples/rows", 400) { Contains = ["\"field\":\"stage\""] },
        new("sample rows: unknown stage", "GET", "/api/runs/done/samples/rows?stage=sft", 400) { Contains = ["base, r1-zero"] },
        new("sample rows: unknown source", "GET", $"{Rows}&source=dreams", 400) { Contains = ["rollout, evaluate"] },
        new("sample rows: unknown order", "GET", $"{Rows}&sort=luck", 400) { Contains = ["order, reward"] },
        new("sample rows: by advantage", "GET", $"{Rows}&sort=-advantage", 200),
        new("sample rows: reward that is no number", "GET", $"{Rows}&minReward=high", 400) { Contains = ["\"field\":\"minReward\""] },
        new("sample rows: neither true nor false", "GET", $"{Rows}&truncated=1", 400) { Contains = ["true, false"] },
        new("sample rows: too many", "GET", $"{Rows}&limit=201", 400) { Contains = ["from 1 to 200"] },
        new("sample rows: long text", "GET", $"{Rows}&text={new string('x', 201)}", 400) { Contains = ["at most 200"] },
        new("sample rows: iteration to come", "GET", $"{Rows}&iteration=99", 404) { Contains = ["iteration 99"] },
        new("sample rows: none", "GET", "/api/runs/done/samples/rows?stage=base", 404),
        new("sample rows: unknown run", "GET", "/api/runs/nobody/samples/rows?stage=base", 404),
    ];
}
