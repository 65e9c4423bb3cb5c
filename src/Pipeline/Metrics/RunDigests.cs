using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Metrics;

/// <summary>Keeps in one small blob a run how far it is, for listings.</summary>
/// <param name="runs">Where runs are kept.</param>
/// <param name="blobs">Storage.</param>
/// <param name="pool">The workers, which cost.</param>
/// <param name="options">What they cost.</param>
/// <param name="clock">The clock.</param>
/// <param name="log">The log.</param>
public sealed partial class RunDigests(IRunStore runs, IBlobStore blobs, IWorkerPool pool, PipelineOptions options, TimeProvider clock,
    ILogger<RunDigests> log)
{
    private static readonly TimeSpan PoolPatience = TimeSpan.FromSeconds(10);

    /// <summary>Takes note of a stage's progress; repeating it changes nothing but the time.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="label">The stage's label.</param>
    /// <param name="done">Its steps or iterations that are done.</param>
    /// <param name="figures">What was recorded.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task ProgressAsync(string runId, string label, int done, IReadOnlyDictionary<string, double> figures,
        CancellationToken cancellation)
    {
        if (await runs.TryGetAsync(runId, cancellation) is not { } run) return;
        var recipe = run.ParseRecipe();
        var name = RunInput.StageOf(label);
        var stage = recipe.Stages.GetValueOrDefault(name);
        var now = clock.GetUtcNow();
        var news = new RunDigest(label, done, Math.Max(done, stage?.PlannedSteps() ?? 0), now)
        {
            Cost = await CostAsync(run, recipe.Workers.Count, now, cancellation),
        };
        var evaluation = (stage as EvaluateStage)?.Evaluation ?? recipe.Evaluation;
        var benchmark = evaluation?.All()[0].Key;
        // What a control comes to is not what the run has come to.
        if (recipe.ControlOf(name) is not null)
            (figures, benchmark) = (figures.Where(figure => figure.Key == MetricNames.TimeStep).ToDictionary(), null);
        await blobs.ChangeJsonAsync<RunDigest>(BlobLayout.RunDigest(runId),
            before => RunDigest.After(before, news, figures, benchmark), cancellation);
    }

    // A stage does not wait for a pool that does not answer, nor fail with it: the cost is then as it was last reported.
    private async Task<SummaryCost?> CostAsync(RunSpec run, int workers, DateTimeOffset now, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(PoolPatience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            // Where the pool keeps no books, workers cost since the run was created: how long they waited is not known here.
            var cost = (await pool.GetAsync(run.Id, either.Token)).Usage is { } usage
                ? RunCosts.Of(options, usage) : RunCosts.Of(options, workers, Instants.Between(run.CreatedAt, now));
            return new(cost.Amount, cost.Currency);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogNoCost(e, run.Id);
            return null;
        }
    }

    [LoggerMessage(EventId = 1901, Level = LogLevel.Warning, Message = "The pool does not say what run {Run} has cost")]
    private partial void LogNoCost(Exception exception, string run);

    /// <summary>A run in a listing.</summary>
    /// <param name="summary">What its orchestration says.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task<RunSummary> WithFiguresAsync(RunSummary summary, CancellationToken cancellation)
    {
        if (await blobs.TryReadJsonAsync<RunDigest>(BlobLayout.RunDigest(summary.Id), cancellation) is not { } digest) return summary;
        var current = digest.Stage == summary.Stage;
        return summary with
        {
            Done = current ? digest.Done : null, Total = current ? digest.Total : null, ProgressedAt = digest.ProgressedAt,
            EtaSeconds = current && summary.Status == RunStatus.Running ? digest.SecondsLeft(clock.GetUtcNow()) : null,
            Reward = digest.Reward, PassAt1 = digest.PassAt1, Cost = digest.Cost,
        };
    }
}
