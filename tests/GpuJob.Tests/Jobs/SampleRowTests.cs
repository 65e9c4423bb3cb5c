using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Tests.Jobs;

public sealed class SampleRowTests : IDisposable
{
    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Rollout_Samples_SayWhereTheyBelongAndWhatEachRewardGave()
    {
        await jobs.PretrainAsync("rl/step-000003/");

        var rollout = await jobs.RolloutAsync("rl/step-000003/", iteration: 2, first: 4, count: 3);

        var rows = (await jobs.Blobs.TryReadAsync(rollout.Outputs["samples"]))!.ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        rows.Select(row => (Int(row, "number"), Int(row, "sample"))).ShouldBe(
            from question in new[] { 4, 5, 6 } from sample in Enumerable.Range(0, 4) select (question, sample));
        rows.ShouldAllBe(row => Int(row, "iteration") == 3 && Int(row, "checkpoint") == 3);
        rows.ShouldAllBe(row => row.GetProperty("problem").GetString()!.Length > 0);
        rows.ShouldAllBe(row => row.GetProperty("truncated").ValueKind == JsonValueKind.True
            || row.GetProperty("truncated").ValueKind == JsonValueKind.False);
        foreach (var row in rows)
        {
            var scores = row.GetProperty("scores");
            var sum = scores.GetProperty("accuracy/exact").GetDouble() + 0.5 * scores.GetProperty("format/think-answer").GetDouble();
            row.GetProperty("reward").GetDouble().ShouldBe(sum, 1e-6);
        }
    }

    [Fact]
    public async Task Update_Advantages_AreThoseOfTheRowsByQuestionAndSample()
    {
        await jobs.PretrainAsync("rl/step-000003/");
        var rollout = await jobs.RolloutAsync("rl/step-000003/");

        var update = await jobs.UpdateAsync("rl/step-000003/", [rollout.Outputs["tokens"]], "rl/step-000004/");

        var path = update.Outputs[SampleAdvantage.Output];
        path.ShouldStartWith("rollouts/0/", Case.Sensitive, "it goes when the rollouts go");
        var rows = (await jobs.Blobs.TryReadAsync(path))!.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<SampleAdvantage>(line, R1Json.Options)!).ToList();
        rows.Select(row => (row.Question, row.Sample)).ShouldBe(
            from question in Enumerable.Range(0, 8) from sample in Enumerable.Range(0, 4) select (question, sample));
        var rewards = (await jobs.Blobs.TryReadAsync(rollout.Outputs["samples"]))!.ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("reward").GetDouble()).ToList();
        foreach (var group in rows.Zip(rewards).GroupBy(one => one.First.Question))
        {
            var mean = group.Average(one => one.Second);
            foreach (var (row, reward) in group) Math.Sign(row.Advantage).ShouldBe(Math.Sign(Math.Round(reward - mean, 6)));
        }
    }

    private static int Int(JsonElement row, string name) => row.GetProperty(name).GetInt32();
}
