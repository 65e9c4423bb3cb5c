using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Stages;

/// <summary>Asks, from inside an orchestrator, whether the budget allows what comes next.</summary>
internal static class BudgetGate
{
    // So that an orchestration that is not held yet does not ask all the time.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Returns once it does. Until then the run is paused; after a resume it is asked again.</summary>
    public static async Task PassAsync(IOrchestrationContext context, StageInput stage, BudgetStepKind kind, string what,
        double? seconds = null)
    {
        if (stage.Budget is null) return;
        var step = new BudgetStep(stage.RunId, stage.Name, stage.Label, kind, what, seconds);
        while (!await context.CallActivityAsync<bool>(BudgetActivities.Ask, step, JobCalls.Storage(stage.Jobs)))
            await context.CreateTimer(Instants.After(context.CurrentUtcDateTime, Pause), CancellationToken.None);
    }
}

/// <summary>Admits work that the budget allows, and pauses the run otherwise.</summary>
internal sealed class BudgetActivities(RunBudgets budgets, IOrchestrationClient client, IWorkerPool pool)
{
    public const string Ask = "ask-budget";

    /// <summary>Whether a unit of work may begin. When it may not, the run is held and its workers are let go.</summary>
    public async Task<bool> AskAsync(BudgetStep step, CancellationToken cancellation)
    {
        if (await budgets.AskAsync(step, cancellation) is not { } held) return true;
        await client.SuspendAsync(step.RunId, held, cancellation);
        await pool.ReleaseAsync(step.RunId, cancellation);
        return false;
    }
}
