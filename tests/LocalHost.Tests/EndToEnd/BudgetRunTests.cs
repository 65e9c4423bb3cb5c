using System.Net.Http.Json;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>A budget from beginning to end: it holds a run before it spends, and raised the run makes what it makes without one.</summary>
public sealed class BudgetRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_BudgetUsedUp_PausesAndGoesOnToTheSameBitsWhenItIsRaised()
    {
        string[] shorter = ["--set", "stages.r1-zero.iterations=2", "--set", "stages.r1-zero.referenceEvery=2"];
        var free = new MiniRun(folder, "free", shorter);
        free.Start();
        (await free.EndAsync()).ShouldBe(ExitCode.Ok, free.Output);

        // No worker starts and trains in so little time: what is begun before ends, and the next unit waits.
        var held = new MiniRun(folder, "held", [.. shorter, "--budget", "0.0003 hours"]);
        held.Start();
        (await held.EndAsync()).ShouldBe(ExitCode.RunFailed, held.Output);
        held.Output.ShouldContain($"run {held.RunId} is paused by its budget.");
        held.Output.ShouldMatch(@"of 0\.0003 hours are spent, and .* is estimated to cost 0\.0\d+ more");
        held.Output.ShouldContain($"./r1 resume {held.RunId} --budget AMOUNT");

        await held.AskAsync(async http =>
        {
            var view = await http.GetFromJsonAsync<RunView>($"/api/runs/{held.RunId}", R1Json.Options);
            (view!.Status, view.Budget!.Amount, view.Budget.Currency).ShouldBe((RunStatus.Paused, 0.0003, "hours"));
            view.Budget.Spent.ShouldBeGreaterThan(0.0003, "its beginning was under way");
            var less = await R1Process.RunAsync(folder, "resume", held.RunId, "--budget", "0.0002", "--data", held.Data);
            less.ExitCode.ShouldBe(ExitCode.BadInput, less.All);
            less.All.ShouldContain("more than 0.0003 hours");
            var more = await R1Process.RunAsync(folder, "resume", held.RunId, "--budget", "50", "--data", held.Data);
            more.ExitCode.ShouldBe(ExitCode.Ok, more.All);
            return 0;
        });
        held.Start();
        (await held.EndAsync()).ShouldBe(ExitCode.Ok, held.Output);
        held.Weights().ShouldBe(free.Weights());
    }
}
