using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Report;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages;

/// <summary>A run: the recipe's stages in order, each measured when it has made a model, and the report at the end.</summary>
internal sealed partial class RunOrchestration(JobCalls jobs)
{
    public const string Name = "run";

    /// <summary>The orchestrator. What earlier generations finished is taken over, not done again.</summary>
    public async Task<RunProgress> RunAsync(IOrchestrationContext context, RunInput input)
    {
        var plan = await context.CallActivityAsync<RunPlan>(StageActivities.Begin, input, JobCalls.Storage);
        var recipe = plan.Recipe;
        var board = new RunBoard(context, input, plan);
        try
        {
            if (NeedsWorkers(plan)) await context.CallActivityAsync(StageActivities.EnsureWorkers, new WorkersRequest(input.RunId, recipe.Workers), JobCalls.Storage);
            var results = new Dictionary<string, StageResult>();
            foreach (var (name, settings) in recipe.Stages)
            {
                var record = plan.Records.GetValueOrDefault(name) ?? new();
                var inputs = settings.Inputs().Where(recipe.Stages.ContainsKey).Distinct().ToDictionary(from => from, from => results[from]);
                var stage = Stage(recipe, input, name, settings, inputs) with { Cursor = record.Cursor };
                var finished = plan.Keys.TryGetValue(name, out var key) ? new FinishedStage(name, key, inputs.Keys.ToDictionary(from => from, input.Label)) : null;
                results[name] = await RunStageAsync(context, stage, record.Result, finished, board);
            }
            await context.CallActivityAsync(ReportActivities.Write, new ReportRequest(input, recipe, results), JobCalls.Storage);
        }
        catch (TaskFailedException e)
        {
            board.Fail(e.Details.Root.ErrorMessage);
            await ReleaseAsync(context, new(input.RunId, Completed: false));
            throw;
        }
        await ReleaseAsync(context, new(input.RunId, Completed: true));
        return board.Complete();
    }

    private static bool NeedsWorkers(RunPlan plan) => plan.Recipe.Stages.Any(stage =>
        plan.Records.GetValueOrDefault(stage.Key)?.Result is not { } result || Evaluations.IsDue(StageKinds.Of(stage.Value), result, plan.Recipe.Evaluation));

    // It sees no tasks and no results but those that its key covers: what it cannot see cannot change what it makes.
    private static StageInput Stage(Recipe recipe, RunInput run, string name, StageRecipe settings, Dictionary<string, StageResult> inputs) => new()
    {
        RunId = run.RunId,
        Name = name,
        Label = run.Label(name),
        Seed = recipe.Seed,
        Settings = settings,
        Tasks = StageKeys.Tasks(recipe, settings),
        Jobs = recipe.Jobs,
        Evaluation = recipe.Evaluation,
        Rewards = Evaluations.Rewards(recipe),
        Data = settings is SftStage sft ? sft.Data.ToDictionary(data => data, data => inputs[data].Data) : new(),
        From = settings.From is { } from ? inputs[from].Checkpoint : null,
    };

    private async Task<StageResult> RunStageAsync(IOrchestrationContext context, StageInput stage, StageResult? result, FinishedStage? finished, RunBoard board)
    {
        var kind = StageKinds.Of(stage.Settings);
        if (result is null)
        {
            board.Begin(stage.Name);
            result = await context.CallSubOrchestratorAsync<StageResult>(
                kind.Orchestrator, stage, new SubOrchestrationOptions(InstanceId: $"{context.InstanceId}:{stage.Label}"));
            await SaveAsync(context, stage, result, finished);
        }
        if (Evaluations.IsDue(kind, result, stage.Evaluation))
        {
            var job = Evaluations.Job(stage, stage.Evaluation!, result.Checkpoint!, result.Steps, final: true);
            board.Evaluate(stage.Name, result, job.JobId);
            result = result with { Evaluation = await Evaluations.RunAsync(context, jobs, job) };
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

    /// <summary>Lets the workers go; when that fails, the run's own outcome stands and <see cref="Workers.WorkerKeeper"/> tries again.</summary>
    private static async Task ReleaseAsync(IOrchestrationContext context, WorkersRelease release)
    {
        try
        {
            await context.CallActivityAsync(StageActivities.ReleaseWorkers, release, JobCalls.Storage);
        }
        catch (TaskFailedException e)
        {
            LogNotReleased(context.CreateReplaySafeLogger(Name), e, release.RunId);
        }
    }

    private static Task RecordAsync(IOrchestrationContext context, StageInput stage, StageResult result, EvaluationResult evaluation) => context.CallActivityAsync(
        MetricsActivities.Record, new StepMetrics(stage.RunId, stage.Label, result.Steps, evaluation.Metrics), JobCalls.Storage);

    private static Task SaveAsync(IOrchestrationContext context, StageInput stage, StageResult result, FinishedStage? finished) =>
        context.CallActivityAsync(StageActivities.Save, new StageSave(stage.RunId, stage.Label, new(result), finished), JobCalls.Storage);

    [LoggerMessage(EventId = 1201, Level = LogLevel.Error, Message = "The workers of run {RunId} could not be released")]
    private static partial void LogNotReleased(ILogger log, Exception exception, string runId);
}
