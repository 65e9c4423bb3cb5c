using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>Cases of jobs, their attempts, and workers' output.</summary>
internal static class JobCases
{
    public static IReadOnlyList<ApiCase> All { get; } =
    [
        new("jobs", "GET", "/api/runs/done/jobs", 200)
        {
            Check = (_, body) =>
            {
                var jobs = ApiCases.Read<RunJobs>(body);
                jobs.Jobs.Select(job => job.Stage).Distinct().ShouldBe(["base", "r1-zero"]);
                jobs.Jobs.ShouldAllBe(job => job.Status == JobState.Done && job.Attempts.Single().Outcome == AttemptOutcome.Won
                    && job.QueuedAt != null && job.Worker != null && job.Timing != null);
                jobs.Jobs.Select(job => job.Kind).Distinct().ShouldBe(["pretrain", "evaluate", "rollout", "update"], ignoreOrder: true);
                jobs.Earlier.ShouldBeNull();
            },
        },
        new("jobs: of iterations", "GET", "/api/runs/done/jobs?stage=r1-zero&from=1&to=2", 200)
        {
            Check = (_, body) => ApiCases.Read<RunJobs>(body).Jobs.Select(job => job.JobId).ShouldBe(
                ["r1-zero/000001/rollout/0", "r1-zero/000001/update/0", "r1-zero/000002/rollout/0", "r1-zero/000002/update/0"]),
        },
        new("jobs: limit", "GET", "/api/runs/done/jobs?stage=r1-zero&to=4&limit=3", 200)
        {
            Check = (_, body) =>
            {
                var jobs = ApiCases.Read<RunJobs>(body);
                jobs.Jobs.Select(job => job.Iteration).ShouldBe([4, 4]);
                jobs.Earlier.ShouldBe(new EarlierJobs("r1-zero", 3));
            },
        },
        new("jobs: running", "GET", "/api/runs/stuck/jobs", 200) { Contains = ["\"jobId\":\"base/000000/pretrain/0\""] },
        new("jobs: failed", "GET", "/api/runs/broken/jobs", 200)
        {
            Contains = ["\"status\":\"failed\"", "no such corpus", "\"exitCode\":10"],
        },
        new("jobs: bad range", "GET", "/api/runs/done/jobs?from=-1", 400) { Contains = ["\"field\":\"from\""] },
        new("jobs: too many", "GET", "/api/runs/done/jobs?limit=2001", 400) { Contains = ["from 1 to 2000"] },
        new("jobs: unknown stage", "GET", "/api/runs/done/jobs?stage=sft", 400) { Contains = ["base, r1-zero"] },
        new("jobs: unknown run", "GET", "/api/runs/nobody/jobs", 404),

        new("workers", "GET", "/api/runs/stuck/workers", 200)
        {
            Check = (_, body) => ApiCases.Read<RunWorkers>(body).Workers.ShouldNotBeEmpty(),
        },
        new("workers: of a run that has ended", "GET", "/api/runs/done/workers", 200)
        {
            Check = (_, body) => ApiCases.Read<RunWorkers>(body).Workers.ShouldAllBe(worker => worker.Job == null),
        },
        new("workers: unknown run", "GET", "/api/runs/nobody/workers", 404),
        new("live samples: nothing is written", "GET", "/api/runs/done/samples/live", 200) { Contains = ["\"rows\":[]"] },
        new("live samples: too many", "GET", "/api/runs/done/samples/live?limit=201", 400) { Contains = ["from 1 to 200"] },
        new("live samples: unknown run", "GET", "/api/runs/nobody/samples/live", 404),

        new("log: of no worker", "GET", "/api/runs/done/workers/nobody/log", 404) { Contains = ["nobody"] },
        new("log: name that climbs", "GET", "/api/runs/done/workers/..%2F..%2Fother/log", 404),
        new("log: bad tail", "GET", "/api/runs/done/workers/worker-0/log?tail=0", 400) { Contains = ["from 1 to 1048576"] },
        new("log: bad after", "GET", "/api/runs/done/workers/worker-0/log?after=x", 400) { Contains = ["\"field\":\"after\""] },
        new("log: unknown run", "GET", "/api/runs/nobody/workers/worker-0/log", 404),
    ];
}
