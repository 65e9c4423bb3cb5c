using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages;

/// <summary>Keeps a run's custom status, the stage tree, while its orchestration goes along.</summary>
internal sealed class RunBoard
{
    private readonly IOrchestrationContext context;
    private readonly List<StageView> stages;
    private readonly Dictionary<string, string[]> running = []; // jobs that the run itself waits for, by stage
    private readonly DateTimeOffset startedAt;
    private TimeBreakdown time = new();

    public RunBoard(IOrchestrationContext context, RunInput input, RunPlan plan)
    {
        this.context = context;
        startedAt = Now;
        stages = [.. Plan(plan.Recipe, input).Select(stage => stage with
        {
            ReusedFrom = plan.Records.GetValueOrDefault(stage.Name)?.Result?.ReusedFrom, Reason = plan.Reasons.GetValueOrDefault(stage.Name),
        })];
        Publish();
    }

    private DateTimeOffset Now => new(context.CurrentUtcDateTime, TimeSpan.Zero);

    /// <summary>The stage tree before anything is done.</summary>
    public static List<StageView> Plan(Recipe recipe, RunInput input) => [.. recipe.Stages.Select(stage =>
    {
        var kind = StageKinds.Of(stage.Value);
        return new StageView
        {
            Name = stage.Key, Label = input.Label(stage.Key), Kind = kind.Name, From = stage.Value.From, Status = StageStatus.Pending, Total = kind.Steps(stage.Value),
        };
    })];

    /// <summary>Shows the job that checks the inputs while it runs.</summary>
    public async Task CheckingAsync(JobSpec job, Func<JobSpec, Task> run)
    {
        running[InputCheck.Label] = [job.JobId];
        Publish();
        await run(job);
        running.Remove(InputCheck.Label);
        Publish();
    }

    public void Begin(string name) => Publish(name, stage => stage with { Status = StageStatus.Running, StartedAt = Now });

    public void Evaluate(string name, StageResult result, string[] jobs)
    {
        running[name] = jobs;
        Publish(name, stage => Describe(stage, result) with { Status = StageStatus.Evaluating, Phase = "evaluate", EndedAt = null });
    }

    public void Finish(string name, StageResult result)
    {
        running.Remove(name);
        Publish(name, stage => Describe(stage, result) with { Status = StageStatus.Completed, Phase = null });
    }

    public void Fail(string name, string error)
    {
        running.Remove(name);
        Publish(name, stage => stage with { Status = StageStatus.Failed, Error = error, EndedAt = Now, Phase = null });
    }

    /// <summary>Adds to the run's time that of stages that have ended.</summary>
    public void Count(TimeBreakdown spent) => time += spent;

    public RunProgress End() => Publish(ended: true);

    private static StageView Describe(StageView stage, StageResult result)
    {
        var metrics = new Dictionary<string, double>(result.Metrics);
        foreach (var (name, value) in result.Evaluation?.Metrics ?? new Dictionary<string, double>()) metrics[name] = value;
        return stage with
        {
            Done = result.Steps, Total = result.Steps, StartedAt = result.StartedAt, EndedAt = result.EndedAt, Checkpoint = result.Checkpoint, Metrics = metrics,
        };
    }

    private void Publish(string name, Func<StageView, StageView> change)
    {
        var index = stages.FindIndex(stage => stage.Name == name);
        stages[index] = change(stages[index]);
        Publish();
    }

    private RunProgress Publish(bool ended = false)
    {
        var progress = new RunProgress { Stages = [.. stages], Time = time, StartedAt = startedAt, EndedAt = ended ? Now : null, Jobs = [.. running.Values.SelectMany(jobs => jobs)] };
        context.SetCustomStatus(progress);
        return progress;
    }
}
