using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Report;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;

namespace R1Cloud.Pipeline.Stages;

/// <summary>A run: the recipe's stages in order, each measured when it has made a model, and the report at the end.</summary>
internal sealed partial class RunOrchestration(JobCalls jobs)
{

    /// <summary>The orchestrator. What earlier generations finished is taken over, not done again.</summary>
    public async Task<RunProgress> RunAsync(IOrchestrationContext context, RunInput input)
    {
        var plan = await context.CallActivityAsync<RunPlan>(StageActivities.Begin, input, JobCalls.Storage());
        var recipe = plan.Recipe;
        var board = new RunBoard(context, recipe);
        try
        {
            if (NeedsWorkers(plan))
            {
                await context.CallActivityAsync(StageActivities.EnsureWorkers, new WorkersRequest(input.RunId, recipe.Workers),
                    JobCalls.Storage(recipe.Jobs));
                if (InputCheckJob.IsDue(input, plan)) await jobs.RunAsync(context, InputCheckJob.Job(input, recipe));
            }
            var results = new Dictionary<string, StageResult>();
            foreach (var group in SideBySide.Groups(recipe.Stages.Keys))
            {
                // All come to their end before the run does: what one of them has learned is not lost when another fails.
                var stages = group.Select(name =>
                {
                    var record = plan.Records.GetValueOrDefault(name) ?? new();
                    var inputs = recipe.InputsOf(name).ToDictionary(from => from, from => results[from]);
                    var finished = plan.Keys.TryGetValue(name, out var key)
                        ? new FinishedStage(name, key, inputs.Keys.ToDictionary(from => from, input.Label)) : null;
                    return RunStageAsync(context,
                        Stage(recipe, input, name, inputs) with
                        {
                            Cursor = record.Cursor, RewardModels = RewardModels(recipe, results),
                            Start = plan.Start?.Stage == name ? plan.Start : null,
                        },
                        record.Result, finished, board);
                });
                foreach (var (name, result) in group.Zip(await Task.WhenAll(stages.ToList()))) results[name] = result;
                board.Count(SideBySide.Time(results, group));
            }
            await context.CallActivityAsync(ReportActivities.Write, new ReportRequest(input, recipe, results),
                JobCalls.Storage(recipe.Jobs));
        }
        catch (TaskFailedException)
        {
            board.End();
            await ReleaseAsync(context, new(input.RunId, Completed: false, input.Generation), recipe.Jobs);
            throw;
        }
        var ended = board.End(); // told before the workers go, so that nobody brings them back
        await ReleaseAsync(context, new(input.RunId, Completed: true, input.Generation), recipe.Jobs);
        return ended;
    }

    private static bool NeedsWorkers(RunPlan plan) => plan.Recipe.Stages.Any(stage =>
        plan.Records.GetValueOrDefault(stage.Key)?.Result is not { } result
            || EvaluationPlan.IsDue(stage.Value, result, plan.Recipe.Evaluation));

    // It sees no tasks and no results but those that its key covers: what it cannot see cannot change what it makes.
    private static StageInput Stage(Recipe recipe, RunInput run, string name, Dictionary<string, StageResult> inputs) => new()
    {
        RunId = run.RunId,
        Version = run.Version,
        Name = name,
        Label = run.Label(name),
        Seed = recipe.Seed,
        Settings = recipe.Stages[name],
        Tasks = StageKeys.Tasks(recipe, recipe.Stages[name]),
        Jobs = recipe.Jobs,
        TemplateDate = recipe.TemplateDay(),
        Engine = recipe.Engine == SamplingEngine.Own ? null : recipe.Engine,
        Budget = recipe.Budget,
        Evaluation = recipe.Evaluation,
        // All models of a run are measured by the same rewards, so that before and after compare.
        Rewards = recipe.AllRewards(),
        Data = recipe.Stages[name] is SftStage sft
            ? sft.Data.Where(recipe.Stages.ContainsKey).ToDictionary(data => data, data => inputs[data].Data) : new(),
        Rewriter = recipe.Stages[name] is CollectStage { Rewrite: ModelRewrite { From: { } rewriter } }
            ? inputs[rewriter].Checkpoint : null,
        Teacher = recipe.Stages[name] is RlStage { Teacher.From: { } teacher } ? inputs[teacher].Checkpoint : null,
        From = recipe.Stages[name].From is { } from ? inputs[from].Checkpoint : null,
    };

    // A stage's own rewards name its inputs; its measurement takes every reward model that there is by then.
    private static Dictionary<string, string> RewardModels(Recipe recipe, Dictionary<string, StageResult> results) =>
        results.Where(result => recipe.Stages[result.Key] is RewardModelStage)
            .ToDictionary(result => result.Key, result => result.Value.Checkpoint!);

    private async Task<StageResult> RunStageAsync(IOrchestrationContext context, StageInput stage, StageResult? result,
        FinishedStage? finished, RunBoard board)
    {
        try
        {
            return await FinishStageAsync(context, stage, result, finished, board);
        }
        catch (TaskFailedException e)
        {
            board.Fail(stage.Name, e.Details.Root.ErrorMessage);
            throw;
        }
    }

    private async Task<StageResult> FinishStageAsync(IOrchestrationContext context, StageInput stage, StageResult? result,
        FinishedStage? finished, RunBoard board)
    {
        if (result is null)
        {
            // An RL stage asks again for each iteration.
            if (stage.Settings is not RlStage)
                await BudgetGate.PassAsync(context, stage, BudgetStepKind.Stage, $"stage {stage.Name}");
            board.Begin(stage.Name);
            result = await context.CallSubOrchestratorAsync<StageResult>(
                StageKind.OrchestratorOf(stage.Settings.Kind()), stage,
                new SubOrchestrationOptions(InstanceId: InstanceIds.Stage(stage.RunId, stage.Label)));
            await SaveAsync(context, stage, result, finished);
        }
        if (EvaluationPlan.IsDue(stage.Settings, result, stage.Evaluation))
        {
            var benchmarks = Evaluations.All(stage, stage.Evaluation!, result.Checkpoint!, result.Steps);
            await BudgetGate.PassAsync(context, stage, BudgetStepKind.Evaluation, $"the evaluation of {stage.Name}");
            board.Evaluate(stage.Name, result);
            result = result with { Evaluation = await Evaluations.RunAsync(context, jobs, benchmarks) };
            await RecordAsync(context, stage, result, result.Evaluation);
            await SaveAsync(context, stage, result, finished);
        }
        else if (result is { ReusedFrom.Measured: false, Evaluation: { } measured })
        {
            await RecordAsync(context, stage, result, measured); // a third run's: it is not among the origin's figures
        }
        board.Finish(stage.Name, result);
        return result;
    }

    // Lets the workers go; when that fails, the run's own outcome stands and Upkeep.WorkerKeeper tries again.
    private static async Task ReleaseAsync(IOrchestrationContext context, WorkersRelease release, JobsRecipe jobs)
    {
        try
        {
            await context.CallActivityAsync(StageActivities.ReleaseWorkers, release, JobCalls.Storage(jobs));
        }
        catch (TaskFailedException e)
        {
            LogNotReleased(context.CreateReplaySafeLogger(OrchestrationNames.Run), e, release.RunId);
        }
    }

    private static Task RecordAsync(IOrchestrationContext context, StageInput stage, StageResult result, EvaluationResult evaluation) =>
        context.CallActivityAsync(
        MetricsActivities.Record, new StepMetrics(stage.RunId, stage.Label, result.Steps, evaluation.Metrics),
            JobCalls.Storage(stage.Jobs));

    private static Task SaveAsync(IOrchestrationContext context, StageInput stage, StageResult result, FinishedStage? finished) =>
        context.CallActivityAsync(StageActivities.Save, new StageSave(stage.RunId, stage.Label, new(result), finished),
            JobCalls.Storage(stage.Jobs));

    [LoggerMessage(EventId = 1201, Level = LogLevel.Error, Message = "The workers of run {RunId} could not be released")]
    private static partial void LogNotReleased(ILogger log, Exception exception, string runId);
}
