using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Report;

public class PlanComparerTests
{
    [Fact]
    public async Task Report_OfARun_SetsPlanAgainstActual()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "one", null);
        (await host.WaitAsync("one", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        var plan = (await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("one", "report.json"))).Plan!;
        plan.Device.ShouldBe("cpu");
        plan.Stages.Select(stage => stage.Label).ShouldBe(["base", "r1-zero"]);
        // 5 × 4 × 2 completions of 20 tokens, and 8 problems × 3 answers of 22; half of the 40 tokens allowed are planned.
        plan.Stages[1].Generated.ShouldBe(40 * 20 + 8 * 3 * 22);
        plan.Stages[1].PlannedGenerated.ShouldBe(40 * 20 + 8 * 3 * 20);
        plan.Stages[1].Trained.ShouldBe(5 * 1000);
        plan.Stages[0].Trained.ShouldBeNull(); // This worker's pretraining does not say.
        plan.Stages[0].PlannedTrained.ShouldBe(6 * 64 * 32);
        // Pretraining, 5 rollouts, 5 updates and 2 evaluations of 0.4 s each, as the worker claims.
        plan.Workers.Useful.ShouldBe(13 * 0.4, 1e-9);
        plan.Workers.Failed.ShouldBe(0);
        var markdown = (await host.Blobs.TryReadAsync(BlobLayout.Report("one", "report.md")))!.ToString();
        markdown.ShouldContain("## Plan and actual");
        markdown.ShouldContain("| r1-zero | 1,280 | 1,328 |");
        markdown.ShouldContain("| not known |");
    }

    [Fact]
    public void Workers_OfJobsWithLostAttempts_AreUsefulRecomputedAndIdle()
    {
        var time = PlanComparer.Workers([Job(10), Job(20, failed: 1, lost: 1), Job(5, preempted: 3)], paid: 100);
        (time.Useful, time.Recomputed, time.Idle).ShouldBe((35, 40, 25));
        (time.Failed, time.Lost, time.Preempted).ShouldBe((1, 1, 3));
    }

    [Fact]
    public void Workers_EstimateAbovePaidTime_IsCutToWhatIsLeft()
    {
        var time = PlanComparer.Workers([Job(20, lost: 8)], paid: 50);
        (time.Useful, time.Recomputed, time.Idle).ShouldBe((20, 30, 0));
    }

    private static JobResult Job(double seconds, int failed = 0, int preempted = 0, int lost = 0) => new()
    {
        JobId = "j", Status = JobStatus.Succeeded, Attempt = "a1", Timing = new() { Total = seconds },
            Attempts = new(failed, preempted, lost),
    };
}
