using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Traces;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>The trace that an update leaves of its iteration.</summary>
public sealed class TraceJobTests : IDisposable
{
    private static readonly RlStage Stage = JobRunner.Rl with { Loss = new() { DropEqualGroups = true } };

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Update_OfTwoShards_WritesEverySampleWithWhatBecameOfIt()
    {
        await jobs.PretrainAsync();
        var parts = new[] { await jobs.RolloutAsync("base/", 0, 0, 3, Stage), await jobs.RolloutAsync("base/", 0, 3, 5, Stage) };
        var update = await jobs.UpdateAsync("base/", [.. parts.Select(part => part.Outputs["tokens"])], "rl/1/", stage: Stage);
        var trace = update.Outputs["trace"];
        trace.ShouldBe("runs/run/traces/job/step-000001.parquet");
        var rows = await RowsAsync(trace);
        var samples = new List<SampleRow>();
        foreach (var part in parts)
            samples.AddRange(JsonLines.Read<SampleRow>((await jobs.Blobs.TryReadAsync(part.Outputs["samples"]))!, "samples"));
        rows.Select(row => (row.Question, row.Sample, row.Problem, row.Completion, row.Reward, row.Tokens))
            .ShouldBe(samples.Select(row => (row.Number, row.Sample, row.Problem, row.Completion, row.Reward, row.Tokens)));
        rows.ShouldAllBe(row => row.Run == "run" && row.Iteration == 1 && row.Policy == "base/" && row.Engine == "simd");
        rows[0].Rewards.Select(reward => (reward.Name, reward.Weight)).ShouldBe([("accuracy/exact", 1), ("format/think-answer", 0.5)]);
        rows.ShouldAllBe(row => Math.Abs(row.Rewards.Sum(reward => reward.Score * reward.Weight) - row.Reward) < 1e-9
            && row.Rewards.All(reward => reward.Reason.Length > 0));
        foreach (var group in rows.GroupBy(row => row.Question))
            group.Any(row => row.Advantage is null).ShouldBe(group.Select(row => row.Reward).Distinct().Count() == 1, $"{group.Key}");

        jobs.Restart();
        var first = (await jobs.Blobs.TryReadAsync(trace))!.ToArray();
        await jobs.UpdateAsync("base/", [.. parts.Select(part => part.Outputs["tokens"])], "again/1/", stage: Stage);
        (await jobs.Blobs.TryReadAsync(trace))!.ToArray().ShouldBe(first, "another attempt writes the same");
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public async Task Update_TraceEvery_SaysWhetherThereIsOne(int every, bool expected)
    {
        await jobs.PretrainAsync();
        var stage = Stage with { TraceEvery = every };
        var rollout = await jobs.RolloutAsync("base/", stage: stage);
        var update = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage);
        update.Outputs.ContainsKey("trace").ShouldBe(expected);
    }

    private async Task<IReadOnlyList<TraceRow>> RowsAsync(string path) =>
        await new TraceFile().ReadAsync((await jobs.Blobs.TryReadAsync(path))!, TestContext.Current.CancellationToken);
}
