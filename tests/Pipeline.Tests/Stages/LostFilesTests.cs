using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Golden;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Files that storage has deleted by their age while a run was paused are made again, and the run goes on.</summary>
public class LostFilesTests
{
    private const string Run = "aged";

    /// <summary>Recipes, the job at which everything under <c>rollouts/</c> goes, and what is done again then.</summary>
    public static TheoryData<string, string, string[]> Losses => new()
    {
        { "", "r1-zero/000001/update/0", ["r1-zero/000001/rollout/0", "r1-zero/000001/rollout/1", "r1-zero/000001/update/0"] },
        {
            "\"updateShards\": 2, \"epochs\": 3,", "r1-zero/000001/gradient-1/1",
            ["r1-zero/000001/rollout/0", "r1-zero/000001/rollout/1", "r1-zero/000001/gradient-0/0", "r1-zero/000001/gradient-0/1",
                "r1-zero/000001/gradient-1/0", "r1-zero/000001/gradient-1/1"]
        },
        { "\"updateShards\": 2,", "r1-zero/000002/update/0",
            ["r1-zero/000002/rollout/0", "r1-zero/000002/rollout/1", "r1-zero/000002/gradient-0/0", "r1-zero/000002/gradient-0/1",
                "r1-zero/000002/update/0"] },
        { "\"staleness\": 1,", "r1-zero/000001/update/0",
            ["r1-zero/000001/rollout/0", "r1-zero/000001/rollout/1", "r1-zero/000001/update/0"] },
        { "\"staleness\": 1, \"updateShards\": 2,", "r1-zero/000002/gradient-0/0",
            ["r1-zero/000002/rollout/0", "r1-zero/000002/rollout/1", "r1-zero/000002/gradient-0/0"] },
        { "\"keepStateEvery\": 2,", "r1-zero/000002/update/0",
            ["r1-zero/000000/rollout/0", "r1-zero/000000/rollout/1", "r1-zero/000001/rollout/0", "r1-zero/000001/rollout/1",
                "r1-zero/000002/rollout/0", "r1-zero/000002/rollout/1", "r1-zero/000002/update/0"] },
        { "\"keepStateEvery\": 2, \"staleness\": 1,", "r1-zero/000003/update/0",
            ["r1-zero/000000/rollout/0", "r1-zero/000001/rollout/1", "r1-zero/000002/rollout/0", "r1-zero/000003/rollout/1",
                "r1-zero/000003/update/0"] },
        { "\"dynamicSampling\": { \"maxRounds\": 3 },", "r1-zero/000001/update/0",
            ["r1-zero/000001/rollout/0", "r1-zero/000001/rollout/1", "r1-zero/000001/update/0"] },
    };

    /// <summary>Runs of earlier versions that are at a job of which rollouts are needed.</summary>
    public static TheoryData<string, string> Kept =>
        [.. GoldenTests.States.Where(state => state.Data.Item2 is "failed" or "update" or "gradient" or "long")];

    [Theory, MemberData(nameof(Losses))]
    public async Task Run_FilesGoneWhenAJobNeedsThem_MakesThemAgain(string rl, string at, string[] again)
    {
        await using var host = new PipelineHost();
        var before = new Dictionary<string, JobPayload>();
        var lost = false;
        host.Pool.OnJob = async job =>
        {
            if (!lost && job.JobId == at)
            {
                lost = true;
                foreach (var path in host.Blobs.Paths.Where(path =>
                    path.StartsWith("runs/aged/jobs/", StringComparison.Ordinal) && path.EndsWith("/spec.json", StringComparison.Ordinal)))
                    before[path] = (await host.Blobs.ReadJsonAsync<JobSpec>(path)).Payload;
                await AgeAsync(host);
            }
            Check(host, job);
        };
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 4, evaluation: "", rl: $"\"shards\": 2, {rl}")), Run,
            null);

        (await host.WaitAsync(Run, run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        var twice = host.Pool.Ran.GroupBy(id => id).Where(group => group.Count() > 1).Select(group => group.Key).ToList();
        again.ShouldBeSubsetOf(twice);
        twice.Select(id => id.Split('/')[1]).Min().ShouldBe(again[0].Split('/')[1], "no iteration before is done again");
        foreach (var id in again.Where(id => id.Contains("/rollout/", StringComparison.Ordinal)))
        {
            var path = BlobLayout.JobSpec(Run, id);
            var (then, now) = ((RolloutJob)before[path], (RolloutJob)(await host.Blobs.ReadJsonAsync<JobSpec>(path)).Payload);
            (now.Policy, now.FirstQuestion, now.QuestionCount, now.Seed)
                .ShouldBe((then.Policy, then.FirstQuestion, then.QuestionCount, then.Seed));
        }
    }

    [Fact]
    public async Task Run_PausedForLong_GoesOnAfterResume()
    {
        await using var host = new PipelineHost();
        var reached = new TaskCompletionSource();
        var resumed = new TaskCompletionSource();
        host.Pool.OnJob = async job =>
        {
            if (job.JobId == "r1-zero/000001/update/0" && reached.TrySetResult()) await resumed.Task;
            Check(host, job);
        };
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 2, evaluation: "")), Run, null);
        await reached.Task.WaitAsync(TimeSpan.FromMinutes(30));
        await host.Engine.SuspendAsync(Run, null);
        await AgeAsync(host);
        resumed.SetResult();

        await host.Runs.ResumeAsync(Run);

        (await host.WaitAsync(Run, run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
    }

    [Theory, MemberData(nameof(Kept))]
    public async Task Run_OfAnEarlierVersionWhoseFilesAreGone_GoesOn(string version, string moment)
    {
        var golden = GoldenState.Read(GoldenMoment.All.Single(one => one.Name == moment).File(version));
        await using var host = new PipelineHost(from: golden);
        host.Pool.OnJob = job =>
        {
            Check(host, job);
            return Task.CompletedTask;
        };
        await AgeAsync(host);
        if (golden.View.Status == RunStatus.Failed) await host.Runs.RetryAsync(GoldenMoment.Run);
        else await host.Pool.EnsureAsync(GoldenMoment.Run, new());

        (await host.WaitAsync(GoldenMoment.Run, run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        host.Pool.Ran.ShouldContain(id => id.Contains("/rollout/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_JobThatFailsWithAllFilesThere_FailsAndNothingIsDoneAgain()
    {
        await using var host = new PipelineHost();
        host.Pool.OnJob = job =>
            job.JobId == "r1-zero/000001/update/0" ? throw new BadInputException("the loss is not a number") : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 2, evaluation: "")), Run, null);

        (await host.WaitAsync(Run, RunStatus.Failed)).Error!.ShouldContain("the loss is not a number");

        host.Pool.Ran.Count(id => id.StartsWith("r1-zero/000001/", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task Run_FilesThatGoAgainAndAgain_FailsAfterAFewTimes()
    {
        const int Enough = 9;
        await using var host = new PipelineHost();
        host.Pool.OnJob = async job =>
        {
            if (job.Payload is not UpdateJob || host.Pool.Ran.Count(id => id == job.JobId) > Enough) return;
            await AgeAsync(host);
            Check(host, job);
        };
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 2, evaluation: "")), Run, null);

        (await host.WaitAsync(Run, run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error
            .ShouldNotBeNull($"its files were made again more than {Enough} times").ShouldContain("is gone");

        host.Pool.Ran.Count(id => id == "r1-zero/000000/update/0").ShouldBe(4);
    }

    // What a worker does that finds a file missing.
    private static void Check(PipelineHost host, JobSpec job)
    {
        foreach (var file in JobMeaning.Files(job.Payload).Where(file => !host.Blobs.Paths.Contains(file)))
            throw new BadInputException($"'{file}' is gone");
    }

    private static async Task AgeAsync(PipelineHost host)
    {
        foreach (var path in host.Blobs.Paths.Where(path => path.StartsWith("rollouts/", StringComparison.Ordinal)))
            await host.Blobs.DeleteAsync(path);
    }
}
