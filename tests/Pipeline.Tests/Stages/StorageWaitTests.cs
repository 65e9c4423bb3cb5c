using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Stages;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>A run whose activities wait for storage says so: its status is in the host's own store.</summary>
public sealed class StorageWaitTests
{
    private const string Run = "waits";

    public static TheoryData<string, string> Activities => new()
    {
        { StageActivities.Begin, BlobLayout.StageRecord(Run, "base") },
        { Pipeline.Jobs.JobActivities.Submit, BlobLayout.JobSpec(Run, JobId.Create("r1-zero", 1, JobKinds.Rollout)) },
        { Pipeline.Jobs.JobActivities.Submit, BlobLayout.JobSpec(Run, JobId.Create("base", 6, "final-" + JobKinds.Evaluate)) },
        { Pipeline.Metrics.MetricsActivities.Record, BlobLayout.Metrics(Run, "r1-zero") },
    };

    [Theory, MemberData(nameof(Activities))]
    public async Task Activity_WhileStorageIsAway_IsToldInTheStatusAndNoMoreAfterwards(string activity, string path)
    {
        await using var host = new PipelineHost();
        var away = true;
        host.Blobs.OnAccess = accessed =>
        {
            if (Volatile.Read(ref away) && accessed.StartsWith(path, StringComparison.Ordinal))
                throw new StorageAwayException("the disk sleeps");
        };
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 2)), Run, null);

        var waits = await host.WaitAsync(Run, run => run.Waiting is not null);
        waits.Waiting.ShouldBe($"{activity}: the disk sleeps");
        waits.Status.ShouldBe(RunStatus.Running);
        waits.Stages.Select(stage => stage.Name).ShouldBe(["base", "r1-zero"]);

        Volatile.Write(ref away, false);
        (await host.WaitAsync(Run, RunStatus.Completed)).Waiting.ShouldBeNull();
        foreach (var id in new[] { Run, $"{Run}:r1-zero", $"{Run}:r1-zero:1" })
            (await host.Engine.GetAsync(id))!.CustomStatus!.Value.TryGetProperty("waiting", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(50)]
    [InlineData(77)]
    public void Status_OfManyStages_HasRoomForWhatIsWaitedFor(int stages)
    {
        var start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        var marks = Enumerable.Range(0, stages)
            .Select(number =>
                new StageMark($"s{number}-".PadRight(40, 'x'), StageStatus.Completed, start.AddDays(900.123456), start.AddDays(901.654321)))
            .ToList();
        var told = RunProgress.Of(marks,
            new() { Wall = 1e8 / 3, Generation = 1e7 / 3, Reward = 1e6 / 3, Update = 2e7 / 3, Storage = 1e5 / 3 }, start, null);

        var status = (RunProgress)told.With(string.Concat(Enumerable.Repeat("away \"ß\" ", 500)));

        JsonSerializer.Serialize(status, R1Json.Options).Length.ShouldBeLessThanOrEqualTo(CustomStatus.MaxCharacters);
        status.Waiting!.Length.ShouldBeInRange(50, 400);
        status.Marks.ShouldBe(told.Marks);
    }
}
