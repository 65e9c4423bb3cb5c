using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>A curriculum through whole jobs: what a rollout asks, and the pool that an update leaves.</summary>
public sealed class CurriculumJobTests : IDisposable
{
    private static readonly RlStage Stage = JobRunner.Rl with
    {
        Questions = 24, GroupSize = 16, Curriculum = new() { Low = 0.01, High = 0.99, Explore = 0.25 },
    };

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Rollout_AfterAPool_AsksTheBandAgainHoweverItIsCut()
    {
        await jobs.PretrainAsync();
        var first = await jobs.RolloutAsync("base/", count: 24, stage: Stage);
        first.Metrics[MetricNames.CurriculumProblems].ShouldBe(0);
        var update = await jobs.UpdateAsync("base/", [first.Outputs["tokens"]], "rl/1/", stage: Stage,
            pool: new([first.Outputs["asked"]], "pools/step-000001"));
        var pool = update.Outputs["pool"];
        var rows = await RowsAsync(first);
        var rates = rows.GroupBy(row => row.Problem).ToDictionary(group => group.Key, group => group.Average(row => row.Correct ? 1.0 : 0));
        var known = await LinesAsync(pool);
        known.ToDictionary(line => line.Problem, line => line.PassRate()).ShouldBe(rates, ignoreOrder: true);
        var band = rates.Where(rate => rate.Value is > 0 and < 1).Select(rate => rate.Key).ToHashSet();
        band.Count.ShouldBeGreaterThan(1, "without a band the test says nothing");

        var whole = await jobs.RolloutAsync("rl/1/", iteration: 1, count: 24, stage: Stage, pool: pool);
        var asked = (await RowsAsync(whole)).Where(row => row.Sample == 0).Select(row => row.Problem).ToList();
        asked.Count(band.Contains).ShouldBeGreaterThanOrEqualTo(Math.Min(18, band.Count));
        (whole.Metrics[MetricNames.CurriculumProblems], whole.Metrics[MetricNames.CurriculumInBand]).ShouldBe((rates.Count, band.Count));
        whole.Metrics[MetricNames.CurriculumFromBand].ShouldBe(Math.Min(18, band.Count) / 24.0);

        jobs.Restart();
        var parts = new[] { await jobs.RolloutAsync("rl/1/", 1, 0, 9, Stage, pool),
            await jobs.RolloutAsync("rl/1/", 1, 9, 15, Stage, pool) };
        (await jobs.Blobs.TextAsync(parts[0].Outputs["samples"]) + await jobs.Blobs.TextAsync(parts[1].Outputs["samples"]))
            .ShouldBe(await jobs.Blobs.TextAsync(whole.Outputs["samples"]));
        var next = await jobs.UpdateAsync("rl/1/", [whole.Outputs["tokens"]], "whole/2/", 1, Stage,
            pool: new([whole.Outputs["asked"]], "pools/whole", pool));
        var cut = await jobs.UpdateAsync("rl/1/", [.. parts.Select(part => part.Outputs["tokens"])], "cut/2/", 1, Stage,
            pool: new([.. parts.Select(part => part.Outputs["asked"])], "pools/cut", pool));
        (await jobs.Blobs.TextAsync(cut.Outputs["pool"])).ShouldBe(await jobs.Blobs.TextAsync(next.Outputs["pool"]));
        (await LinesAsync(next.Outputs["pool"])).Count.ShouldBeGreaterThan(known.Count, "what was explored is known now");
    }

    [Fact]
    public async Task Rollout_PoolThatIsGone_IsBadInputThatNamesIt()
    {
        await jobs.PretrainAsync();
        (await Should.ThrowAsync<BadInputException>(() => jobs.RolloutAsync("base/", iteration: 1, stage: Stage, pool: "pools/gone.jsonl")))
            .Message.ShouldContain("pools/gone.jsonl");
    }

    private async Task<IReadOnlyList<AskedProblem>> LinesAsync(string path) =>
        [.. JsonLines.Read<AskedProblem>((await jobs.Blobs.TryReadAsync(path))!, path)];

    private async Task<IReadOnlyList<SampleRow>> RowsAsync(JobOutcome rollout) =>
        [.. JsonLines.Read<SampleRow>((await jobs.Blobs.TryReadAsync(rollout.Outputs["samples"]))!, "samples")];
}

file static class Texts
{
    public static async Task<string> TextAsync(this IBlobStore blobs, string path) => (await blobs.TryReadAsync(path))!.ToString();
}
