using System.Text.Json;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages.Reinforcement;

/// <summary>Where an RL stage goes on.</summary>
/// <param name="Iteration">The next iteration, from 0.</param>
/// <param name="Policy">The policy's checkpoint.</param>
/// <param name="Reference">The reference model's checkpoint.</param>
/// <param name="StartedAt">When the stage began.</param>
/// <param name="Time">Where its time went so far.</param>
/// <param name="Rollouts">The next iteration's rollouts, when they are there already.</param>
/// <param name="Numerics">As of <see cref="StageResult.Numerics"/>.</param>
/// <param name="Pool">The curriculum's pool after the iterations that are done; null for none.</param>
/// <param name="Since">The updates that may have to be taken again, as of <see cref="UpdateJob.Since"/>; null for none.</param>
/// <param name="Mismatch">How far sampler and trainer were apart in the first iterations; null where nobody measures it.</param>
internal sealed record RlCursor(
    int Iteration, string Policy, string Reference, DateTime StartedAt, TimeBreakdown Time, IterationRollouts? Rollouts = null,
        IReadOnlyList<int>? Numerics = null, string? Pool = null,
        IReadOnlyList<EarlierUpdate>? Since = null, IReadOnlyList<double>? Mismatch = null);

/// <summary>RL: a loop of iterations, each a sub-orchestration; restarted now and then, so that no history grows long.</summary>
internal sealed class RlStageKind : StageKind<RlStage>
{
    /// <summary>Iterations in one history.</summary>
    internal const int IterationsPerHistory = 20;

    // Iterations between two removals of old checkpoints: listing and removing costs more requests than an iteration itself.
    private const int PruneEvery = 5;

    /// <inheritdoc/>
    public override void Register(OrchestrationRegistry registry, JobCalls jobs)
    {
        base.Register(registry, jobs);
        registry.AddOrchestrator<RlIterationInput, RlIterationResult>(RlIteration.Name,
            (context, input) => RlIteration.RunAsync(new WaitingContext(context, new StageProgress()), jobs, input));
    }

    /// <inheritdoc/>
    protected override async Task<StageResult?> RunAsync(IOrchestrationContext context, JobCalls jobs, StageInput input, RlStage settings)
    {
        var from = input.RequireFrom();
        // What another run did is known to this one by its content alone: the arithmetic behind it is none of this result's.
        var (done, policy, reference) = input.Start is { } begun ? (begun.Iteration, begun.Policy, begun.Reference) : (0, from, from);
        var cursor = input.Cursor?.Deserialize<RlCursor>(R1Json.Options)
            ?? new(done, policy, reference, context.CurrentUtcDateTime, new(), Numerics: [], Pool: input.Start?.Pool);
        var stage = input with { Cursor = null };
        var stop = Math.Min(settings.Iterations, cursor.Iteration + IterationsPerHistory);
        var status = new StageProgress { Done = cursor.Iteration, Total = settings.Iterations, Checkpoint = cursor.Policy,
            Time = cursor.Time };

        // Bookkeeping of an iteration runs beside the next one: nothing waits for it but the end of the history.
        var bookkeeping = Task.CompletedTask;
        RlIterationResult? last = null;
        while (cursor.Iteration < stop)
        {
            var instance = InstanceIds.Iteration(context.InstanceId, cursor.Iteration);
            context.SetCustomStatus(status = status with { Instance = instance });

            var made = cursor.Iteration - (input.Start?.Iteration ?? 0);
            await BudgetGate.PassAsync(context, stage, BudgetStepKind.Iteration, $"iteration {cursor.Iteration + 1} of {stage.Name}",
                made > 0 ? cursor.Time.Wall / made : null);
            var start = context.CurrentUtcDateTime;
            last = await context.CallSubOrchestratorAsync<RlIterationResult>(
                RlIteration.Name,
                new RlIterationInput(
                    stage, cursor.Iteration, cursor.Policy, settings.Loss.NeedsReference() ? cursor.Reference : null,
                        Evaluates(stage, settings, cursor.Iteration + 1),
                    cursor.Rollouts, SampleNext: settings.Staleness > 0 && cursor.Iteration + 1 < settings.Iterations, Pool: cursor.Pool,
                    Since: cursor.Since),
                new SubOrchestrationOptions(InstanceId: instance));
            var time = last.Time with { Wall = Instants.Between(start, context.CurrentUtcDateTime).TotalSeconds };

            cursor = Advance(cursor, settings, last.Checkpoint, time) with { Rollouts = last.Next,
                Numerics = cursor.Numerics.With(last.Numerics), Pool = last.Pool, Since = last.Since, Mismatch = cursor.Mismatch };
            last = last with { Metrics = WithTimes(last.Metrics, time) };
            status = status with
            {
                Done = cursor.Iteration, Checkpoint = last.Checkpoint, Samples = last.Samples, Time = cursor.Time,
            };
            await bookkeeping;
            bookkeeping = BookkeepAsync(context, stage, settings, cursor, last.Metrics);
            if (stage.Engine is null) continue;
            try
            {
                cursor = cursor with { Mismatch = MismatchGuard.After(cursor.Mismatch, last.Metrics, stage.Name, cursor.Iteration) };
            }
            catch (InvalidOperationException)
            {
                await bookkeeping; // the curve has what stopped it
                throw;
            }
        }
        context.SetCustomStatus(status with { Instance = null });
        await bookkeeping;

        if (cursor.Iteration < settings.Iterations)
        {
            var json = JsonSerializer.SerializeToElement(cursor, R1Json.Options);
            await context.CallActivityAsync(StageActivities.Save, new StageSave(stage.RunId, stage.Label, new(Cursor: json)),
                JobCalls.Storage(stage.Jobs));
            context.ContinueAsNew(input with { Cursor = json });
            return null;
        }
        return new()
        {
            Label = stage.Label,
            Steps = settings.Iterations,
            Checkpoint = cursor.Policy,
            Metrics = last?.Metrics ?? new Dictionary<string, double>(),
            Samples = last?.Samples,
            Numerics = cursor.Numerics,
            Time = cursor.Time with { Wall = Instants.Between(cursor.StartedAt, context.CurrentUtcDateTime).TotalSeconds },
            StartedAt = new(cursor.StartedAt, TimeSpan.Zero),
            EndedAt = new(context.CurrentUtcDateTime, TimeSpan.Zero),
        };
    }

    /// <summary>
    /// The cursor after an iteration. Every <see cref="RlStage.ReferenceEvery"/> iterations the policy becomes the reference.
    /// </summary>
    internal static RlCursor Advance(RlCursor cursor, RlStage settings, string checkpoint, TimeBreakdown time)
    {
        var done = cursor.Iteration + 1;
        var replace = settings.ReferenceEvery > 0 && done % settings.ReferenceEvery == 0;
        return new(done, checkpoint, replace ? checkpoint : cursor.Reference, cursor.StartedAt, cursor.Time + time);
    }

    // Whether a point of the learning curve falls on a step. The last step is measured as the stage's result.
    private static bool Evaluates(StageInput stage, RlStage settings, int step) =>
        stage.Evaluation is not null && settings.EvaluateEvery > 0 && step % settings.EvaluateEvery == 0 && step < settings.Iterations;

    private static async Task BookkeepAsync(
        IOrchestrationContext context, StageInput stage, RlStage settings, RlCursor cursor, IReadOnlyDictionary<string, double> metrics)
    {
        var since = cursor.Iteration < settings.Iterations ? cursor.Since : null; // nothing goes on from the end
        var record = context.CallActivityAsync(
            MetricsActivities.Record, new StepMetrics(stage.RunId, stage.Label, cursor.Iteration, metrics), JobCalls.Storage(stage.Jobs));
        var prune = cursor.Iteration % PruneEvery == 0 || cursor.Iteration == settings.Iterations
            ? context.CallActivityAsync(
                StageActivities.Prune,
                    new CheckpointPrune(stage.RunId, stage.Label, cursor.Iteration, settings.KeepEvery,
                        [cursor.Reference, .. Replays.Needed(since)], since?[0].Iteration),
                    JobCalls.Storage(stage.Jobs))
            : Task.CompletedTask;
        var forget = settings.UpdateShards > 1
            ? context.CallActivityAsync(StageActivities.ForgetGradients, new GradientsDone(stage.RunId, stage.Label, cursor.Iteration - 1),
                JobCalls.Storage(stage.Jobs))
            : Task.CompletedTask;
        await Task.WhenAll(record, prune, forget);
    }

    private static Dictionary<string, double> WithTimes(IReadOnlyDictionary<string, double> metrics, TimeBreakdown time) => new(metrics)
    {
        [MetricNames.TimeStep] = time.Wall,
        [MetricNames.TimeGeneration] = time.Generation,
        [MetricNames.TimeReward] = time.Reward,
        [MetricNames.TimeUpdate] = time.Update,
        [MetricNames.TimeStorage] = time.Storage,
        [MetricNames.TimeWaiting] = time.Waiting,
    };

    /// <inheritdoc/>
    protected override StageWork? Estimate(EstimateContext context, RlStage settings) => RlEstimate.Of(context, settings);
}
