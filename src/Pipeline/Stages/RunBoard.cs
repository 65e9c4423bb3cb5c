using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages;

/// <summary>Keeps a run's custom status while its orchestration goes along.</summary>
internal sealed class RunBoard
{
    private readonly IOrchestrationContext context;
    private readonly List<StageMark> stages;
    private readonly DateTimeOffset startedAt;
    private TimeBreakdown time = new();

    public RunBoard(IOrchestrationContext context, Recipe recipe)
    {
        this.context = context;
        startedAt = Now;
        stages = [.. recipe.Stages.Keys.Select(name => new StageMark(name))];
        Publish();
    }

    private DateTimeOffset Now => new(context.CurrentUtcDateTime, TimeSpan.Zero);

    public void Begin(string name) => Publish(name, stage => stage with { Status = StageStatus.Running, StartedAt = Now });

    public void Evaluate(string name, StageResult result) =>
        Publish(name, stage => stage with { Status = StageStatus.Evaluating, StartedAt = result.StartedAt });

    public void Finish(string name, StageResult result) =>
        Publish(name, stage => stage with { Status = StageStatus.Completed, StartedAt = result.StartedAt, EndedAt = result.EndedAt });

    public void Fail(string name, string error) =>
        Publish(name, stage => stage with { Status = StageStatus.Failed, Error = error, EndedAt = Now });

    /// <summary>Adds to the run's time that of stages that have ended.</summary>
    public void Count(TimeBreakdown spent) => time += spent;

    public RunProgress End() => Publish(ended: true);

    private void Publish(string name, Func<StageMark, StageMark> change)
    {
        var index = stages.FindIndex(stage => stage.Name == name);
        stages[index] = change(stages[index]);
        Publish();
    }

    private RunProgress Publish(bool ended = false)
    {
        var progress = RunProgress.Of(stages, time, startedAt, ended ? Now : null);
        context.SetCustomStatus(progress);
        return progress;
    }
}
